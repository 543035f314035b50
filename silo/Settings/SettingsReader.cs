using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Monitor.Silo.Settings;

/// <summary>
/// Reads settings by name and remembers which names exist, so that a typo is refused instead of silently becoming a default.
/// Collects every problem; <see cref="Finish"/> throws them as one line.
/// </summary>
public sealed class SettingsReader(IConfiguration configuration)
{
    private static readonly string[] OwnSections =
        ["Storage", "Secrets", "Cluster", "Access", "Messages", "Web", "Outbound", "Retention", "Provisioning", "Probing"];

    /// <summary>Sections and keys of the host, which it checks itself.</summary>
    private static readonly string[] HostKeys =
    [
        "urls", "Kestrel", "AllowedHosts", "environment", "contentRoot", "applicationName", "webRoot", "http_ports", "https_ports", "hostingStartupAssemblies",
        "preventHostingStartup", "shutdownTimeoutSeconds", "detailedErrors", "captureStartupErrors", "Logging", "ConnectionStrings",
    ];

    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _problems = [];

    public string? Text(string key)
    {
        _known.Add(key);
        return configuration[key] is { Length: > 0 } value ? value : null;
    }

    public string Choice(string key, string fallback, params string[] choices)
    {
        var value = Text(key) ?? fallback;
        var choice = choices.FirstOrDefault(candidate => candidate.Equals(value, StringComparison.OrdinalIgnoreCase));
        if (choice is null)
        {
            Refuse(key, $"must be one of {string.Join(", ", choices)}, not '{value}'");
        }

        return choice ?? fallback;
    }

    public bool Flag(string key, bool fallback)
    {
        var value = Text(key);
        if (value is null || bool.TryParse(value, out var flag))
        {
            return value is null ? fallback : bool.Parse(value);
        }

        Refuse(key, $"must be true or false, not '{value}'");
        return fallback;
    }

    public int Number(string key, int fallback, int min, int max)
    {
        var value = Text(key);
        if (value is null)
        {
            return fallback;
        }

        if (int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        Refuse(key, $"must be a whole number between {min} and {max}, not '{value}'");
        return fallback;
    }

    /// <summary>A number of days: <c>7</c>, or a time span such as <c>7.00:00:00</c>.</summary>
    public TimeSpan Days(string key, int fallback)
    {
        var value = Text(key);
        if (value is null)
        {
            return TimeSpan.FromDays(fallback);
        }

        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 36500)
        {
            return TimeSpan.FromDays(days);
        }

        if (value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.FromHours(1))
        {
            return span;
        }

        Refuse(key, $"must be a number of days between 1 and 36500 (or d.hh:mm:ss, at least an hour), not '{value}'");
        return TimeSpan.FromDays(fallback);
    }

    /// <summary>Networks as a list in JSON, or separated by commas.</summary>
    public IReadOnlyList<IPNetwork> Networks(string key)
    {
        _known.Add(key);
        var items = configuration.GetSection(key).GetChildren().Select(child => child.Value ?? "")
            .Concat((configuration[key] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        var networks = new List<IPNetwork>();
        foreach (var item in items)
        {
            var text = item.Contains('/', StringComparison.Ordinal) ? item : item + (item.Contains(':', StringComparison.Ordinal) ? "/128" : "/32");
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else
            {
                Refuse(key, $"'{item}' is not a network such as 10.0.0.0/8 (no bits may be set behind the prefix)");
            }
        }

        return networks;
    }

    public void Refuse(string key, string problem) => _problems.Add($"{key} {problem}");

    /// <summary>Refuses what is wrong and what nobody asked for.</summary>
    /// <exception cref="SettingsException">One line with every problem.</exception>
    public void Finish()
    {
        var unknown = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var provider in ((IConfigurationRoot)configuration).Providers)
        {
            CollectUnknown(provider, null, unknown);
        }

        _problems.AddRange(unknown.Select(key => $"{key} is not a setting"));
        if (_problems.Count > 0)
        {
            throw new SettingsException(string.Join("; ", _problems));
        }
    }

    private void CollectUnknown(IConfigurationProvider provider, string? parent, SortedSet<string> unknown)
    {
        // A provider lists a name once for each key below it.
        foreach (var child in provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var key = parent is null ? child : $"{parent}:{child}";
            if (parent is null && !OwnSections.Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                // The environment holds everybody's variables; only files and the command line are all ours.
                var foreign = provider is EnvironmentVariablesConfigurationProvider or ChainedConfigurationProvider
                    or Microsoft.Extensions.Configuration.Memory.MemoryConfigurationProvider;
                if (!foreign && !HostKeys.Contains(key, StringComparer.OrdinalIgnoreCase))
                {
                    unknown.Add(key);
                }
            }
            else if (!_known.Contains(key))
            {
                var isSection = _known.Any(known => known.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase));
                if (isSection)
                {
                    CollectUnknown(provider, key, unknown);
                }
                else
                {
                    unknown.Add(key);
                }
            }
        }
    }
}

/// <summary>The settings do not fit: the message is the one line that a person reads.</summary>
public sealed class SettingsException(string message) : Exception(message);
