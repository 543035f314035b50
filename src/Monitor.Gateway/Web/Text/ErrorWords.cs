using Monitor.Core.Text;

namespace Monitor.Gateway.Web.Text;

/// <summary>What to do about an error.</summary>
internal static class ErrorWords
{
    public static readonly LocalizedText Any = new("Go back and try again. If it happens again, the log of the service says more.", "请返回重试；若再次出现，请查看服务日志。");
    public static readonly LocalizedText BadRequest = new("Go back, reload the page and try again.", "请返回并刷新页面后重试。");
    public static readonly LocalizedText Forbidden = new("Ask an administrator for a token with that role, sign out, and sign in with it.", "请向管理员索取具备该角色的令牌，退出后重新登录。");
    public static readonly LocalizedText NotFound = new("It may have been deleted. Look for it in the list.", "它可能已被删除，请在列表中查找。");
    public static readonly LocalizedText Conflict = new("Put what stands in the way in order first, then try again.", "请先处理冲突项，然后重试。");
    public static readonly LocalizedText Lost = new("Somebody else has changed it meanwhile. Open it again, look at what changed, and save again.", "内容已被他人修改。请重新打开，确认变化后再保存。");
    public static readonly LocalizedText TooMany = new("Wait a little, then try again.", "请稍候再试。");
    public static readonly LocalizedText Away = new(
        "Watching and telling go on meanwhile, from memory. Changes are possible again once the store is back; this usually takes seconds.",
        "在此期间监控与通知仍在继续（基于内存）。存储恢复后即可修改，通常只需数秒。");

    public static LocalizedText Advice(int status) => status switch
    {
        400 or 422 => BadRequest,
        403 => Forbidden,
        404 or 410 => NotFound,
        409 => Conflict,
        412 => Lost,
        429 => TooMany,
        503 => Away,
        _ => Any,
    };
}
