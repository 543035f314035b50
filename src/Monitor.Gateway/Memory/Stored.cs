namespace Monitor.Gateway.Memory;

/// <summary>A port of the store itself, where others see it through what is remembered of it.</summary>
internal sealed record Stored<T>(T Port)
    where T : class;
