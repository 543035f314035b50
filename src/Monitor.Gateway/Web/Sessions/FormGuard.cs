using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Monitor.Gateway.Access;

namespace Monitor.Gateway.Web.Sessions;

/// <summary>
/// Against forms that another site posts in a visitor's name: each form carries a mark that follows from a cookie of the browser and from who is signed in.
/// Only we can make it, and only this browser can send the cookie with it.
/// </summary>
internal sealed class FormGuard(InstallationKeys keys)
{
    public const string FieldName = "_form";
    public const string CookieName = "monitor_form";

    private const int SaltBytes = 8;
    private const int NonceBytes = 16;

    /// <summary>The mark for the forms of one page; gives the browser its cookie if it has none.</summary>
    public string Mark(HttpContext context, Caller? caller)
    {
        var nonce = context.Request.Cookies[CookieName];
        if (nonce is not { Length: 22 })
        {
            nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(NonceBytes));
            context.Response.Cookies.Append(CookieName, nonce, new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = BrowserSessions.IsHttps(context),
                Path = "/",
                IsEssential = true,
            });
        }

        // The salt makes it read differently in every answer, so that compression gives nothing away.
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return Base64Url.EncodeToString([.. salt, .. Hash(salt, nonce, caller)]);
    }

    public bool Accepts(HttpContext context, IFormCollection form, Caller? caller)
    {
        var site = context.Request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none"))
        {
            return false;
        }

        var mark = form[FieldName].ToString();
        if (context.Request.Cookies[CookieName] is not { } nonce || mark.Length is 0 or > 200 || !Base64Url.IsValid(mark))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(mark);
        return bytes.Length > SaltBytes
            && CryptographicOperations.FixedTimeEquals(bytes.AsSpan(SaltBytes), Hash(bytes.AsSpan(0, SaltBytes), nonce, caller));
    }

    private byte[] Hash(ReadOnlySpan<byte> salt, string nonce, Caller? caller) =>
        HMACSHA256.HashData(keys.Key("forms"), (byte[])[.. salt, .. Encoding.UTF8.GetBytes(nonce + "\n" + caller?.TokenId)]);
}
