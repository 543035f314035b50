namespace Monitor.Gateway.Web.Serving;

/// <summary>Where the assets are, for components.</summary>
public interface IAssetAddresses
{
    /// <summary>The address that carries the file's hash.</summary>
    string Address(string name);
}
