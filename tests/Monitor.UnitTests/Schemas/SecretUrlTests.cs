using Monitor.Core.Schemas;
using Xunit;

namespace Monitor.UnitTests.Schemas;

public sealed class SecretUrlTests
{
    [Theory]
    [InlineData("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=******")]
    [InlineData("http://probe:s3cret@10.0.0.5/health", "http://probe:******@10.0.0.5/health")]
    [InlineData("http://token@10.0.0.5/", "http://******@10.0.0.5/")]
    [InlineData("http://a:b@c@10.0.0.5/x?y=1", "http://a:******@10.0.0.5/x?y=1")]
    [InlineData("https://x/?page=2&access_token=abc&q=1#part", "https://x/?page=2&access_token=******&q=1#part")]
    [InlineData("https://x/?apikey=abc", "https://x/?apikey=******")]
    [InlineData("https://x/?key=", "https://x/?key=")]
    [InlineData("https://x/a?mail=me@example.com", "https://x/a?mail=me@example.com")]
    [InlineData("https://x/health", "https://x/health")]
    [InlineData("https://x", "https://x")]
    public void Credentials_inside_a_url_are_masked_and_nothing_else(string url, string masked) => Assert.Equal(masked, SecretUrl.Masked(url));

    [Theory]
    [InlineData("Authorization", true)]
    [InlineData("Proxy-Authorization", true)]
    [InlineData("X-Api-Key", true)]
    [InlineData("Cookie", true)]
    [InlineData("X-Auth-Token", true)]
    [InlineData("Content-Type", false)]
    [InlineData("Accept", false)]
    [InlineData("X-Monkey", false)]
    [InlineData("If-Match", false)]
    public void Headers_named_like_credentials_are_known(string name, bool credential) => Assert.Equal(credential, SecretUrl.IsCredentialName(name));
}
