using System.Collections.Concurrent;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Which targets were edited since somebody last asked, through this silo at once and through others as it hears of it: the pages' board reads those anew, and no others.</summary>
internal sealed class EditNews
{
    private readonly ConcurrentDictionary<long, bool> _edited = new();

    public bool Any => !_edited.IsEmpty;

    public void Add(long targetId) => _edited[targetId] = true;

    public IReadOnlyList<long> Take()
    {
        var ids = _edited.Keys.ToArray();
        foreach (var id in ids)
        {
            _edited.TryRemove(id, out _);
        }

        return ids;
    }
}
