namespace Monitor.SystemTests.Web;

/// <summary>One silo for all tests of a class that only look, started by the first.</summary>
public sealed class SharedSite : IAsyncDisposable
{
    private readonly Lazy<Task<WebSite>> _site = new(WebSite.FullAsync);

    public Task<WebSite> GetAsync() => _site.Value;

    public async ValueTask DisposeAsync()
    {
        if (_site.IsValueCreated)
        {
            await (await _site.Value).DisposeAsync();
        }
    }
}
