using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

internal static class SettingsWords
{
    public static readonly LocalizedText SignIn = new("Sign in", "登录");
    public static readonly LocalizedText Token = new("Token", "令牌");
    public static readonly LocalizedText TokenHint = new(
        "An API token, as an administrator made it; the first one was printed when the monitor first started.", "由管理员创建的 API 令牌；首个令牌在首次启动时打印在日志中。");
    public static readonly LocalizedText WrongToken = new("That token is not valid. It may have been revoked, or has expired.", "令牌无效，可能已被吊销或已过期。");
    public static readonly LocalizedText TooManyTries = new("too many wrong tokens from your address", "您的地址输入错误令牌次数过多");
    public static readonly LocalizedText OnlyAdmins = new("Tokens are made by administrators. Language and appearance are in the menu at the top.", "令牌由管理员管理。语言与外观请使用右上角菜单。");
    public static readonly LocalizedText Tokens = new("Tokens", "令牌");
    public static readonly LocalizedText TokensText = new(
        "Who calls the API or signs in here does so with a token. Revoking one ends its sessions at once.", "调用 API 或登录页面均使用令牌。吊销后其会话立即失效。");
    public static readonly LocalizedText NoTokens = new("There are no tokens besides the configured one.", "除配置的令牌外没有其他令牌。");
    public static readonly LocalizedText NewToken = new("New token", "新建令牌");
    public static readonly LocalizedText Make = new("Make it", "创建");
    public static readonly LocalizedText TokenMade = new("Token for {0}:", "{0} 的令牌：");
    public static readonly LocalizedText TokenOnce = new("It is shown this once and kept nowhere: copy it now.", "仅显示这一次且不会保存，请立即复制。");
    public static readonly LocalizedText TokenShownBefore = new("This token was made and shown before; only its hash is left.", "该令牌此前已创建并显示过，仅保留其哈希。");
    public static readonly LocalizedText Role = new("Role", "角色");
    public static readonly LocalizedText Expires = new("Valid until", "有效期至");
    public static readonly LocalizedText Created = new("Made", "创建");
    public static readonly LocalizedText LastUsed = new("Last used", "最近使用");
    public static readonly LocalizedText Never = new("for ever", "永久");
    public static readonly LocalizedText Revoke = new("Revoke", "吊销");
    public static readonly LocalizedText RevokeOne = new("Revoke {0}", "吊销 {0}");
    public static readonly LocalizedText RevokeAsk = new("Revoke the token {0}? Whoever uses it is locked out at once.", "确定吊销令牌 {0}？使用者将立即无法访问。");
    public static readonly LocalizedText About = new("About", "关于");
    public static readonly LocalizedText Version = new("Version", "版本");
    public static readonly LocalizedText ForMachines = new("For machines", "机器接口");
}
