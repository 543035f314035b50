using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Monitor.Storage.Secrets;

/// <summary>
/// A key ring whose keys somebody else keeps (a store that several silos share). It has the keys that it was given and makes none by itself: a silo that made
/// one would seal secrets which the others cannot open.
/// </summary>
internal static class HeldKeyRing
{
    private static readonly TimeSpan NeverExpires = TimeSpan.FromDays(365 * 200);

    /// <summary>A first key: the element to keep.</summary>
    public static XElement MakeKey(DateTimeOffset now)
    {
        var held = new Held([]);
        using var services = Services(held);
        services.GetRequiredService<IKeyManager>().CreateNewKey(now - TimeSpan.FromDays(1), now + NeverExpires);
        return held.GetAllElements().Single();
    }

    public static SecretBox Open(IEnumerable<XElement> keys) => new(Services(new Held(keys)).GetRequiredService<IDataProtectionProvider>());

    private static ServiceProvider Services(Held held) => new ServiceCollection()
        .AddDataProtection()
        .SetApplicationName("Monitor")
        .DisableAutomaticKeyGeneration()
        .Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(new ConfigureOptions<KeyManagementOptions>(options =>
        {
            options.XmlRepository = held;
            options.XmlEncryptor = null;
        }))
        .BuildServiceProvider();

    private sealed class Held(IEnumerable<XElement> keys) : IXmlRepository
    {
        private readonly List<XElement> _keys = [.. keys];

        public IReadOnlyCollection<XElement> GetAllElements() => [.. _keys];

        public void StoreElement(XElement element, string friendlyName) => _keys.Add(new XElement(element));
    }
}
