using System.Globalization;
using System.Text;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>The list of targets: filters, sorts and keyset paging. Values are always bound; the text is put together from constants.</summary>
internal sealed class TargetList
{
    /// <summary>Disabled is by the settings; a stored state that says so of an enabled target is an edit that its owner has not taken up.</summary>
    private const string Status =
        "CASE WHEN NOT t.enabled THEN 'disabled' WHEN s.status IS NULL OR s.status = 'disabled' THEN 'unknown' ELSE s.status END";

    private const string From =
        " FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location WHERE t.deleted_at IS NULL";

    private readonly StringBuilder _filter = new();
    private readonly List<object?> _values = [];

    private TargetList(TargetQuery query)
    {
        Add(query.Type, "t.type = ");
        Add(query.Group, "t.group_name = ");
        Add(query.Enabled, "t.enabled = ");
        if (query.Statuses.Count > 0)
        {
            _filter.Append(" AND ").Append(Status).Append(" = ANY(").Append(Bind(query.Statuses.Select(status => status.Name()).ToArray())).Append(')');
        }

        foreach (var (key, value) in query.Labels)
        {
            _filter.Append(" AND t.labels ->> ").Append(Bind(key)).Append("::text = ").Append(Bind(value));
        }

        if (query.NameContains is { Length: > 0 } part)
        {
            _filter.Append(" AND strpos(t.name_folded, ").Append(Bind(NameFolding.Fold(part))).Append(") > 0");
        }
    }

    public static async Task<Page<TargetRow>> ReadAsync(PgSession session, SecretBox secrets, TargetQuery query)
    {
        var list = new TargetList(query);
        var total = await session.NumberAsync($"SELECT count(*){From}{list._filter}", [.. list._values]);
        var rows = await list.ReadPageAsync(session, secrets, query);
        var more = rows.Count > query.Limit;
        if (more)
        {
            rows.RemoveAt(query.Limit);
        }

        var ids = rows.Select(row => row.Target.Id).ToArray();
        var channels = await TargetRows.ChannelsAsync(session, ids);
        var newest = await new ResultReading(session).NewestAsync(ids);
        var items = rows.Select(row => new TargetRow(TargetRows.WithChannels(row.Target, channels), row.State, newest.GetValueOrDefault(row.Target.Id))).ToArray();
        return new Page<TargetRow>(items, more ? new PageKey(rows[^1].Key, rows[^1].Target.Id) : null, total);
    }

    public static async Task<TargetRow?> FindAsync(PgSession session, SecretBox secrets, long id)
    {
        var found = await session.FirstAsync(
            row => new TargetRow(TargetRows.Read(row, secrets), TargetRows.ReadState(row, TargetRows.ColumnCount), null),
            $"SELECT {TargetRows.Columns}, s.state {From} AND t.id = $1", id);
        return found is null
            ? null
            : found with
            {
                Target = TargetRows.WithChannels(found.Target, await TargetRows.ChannelsAsync(session, [id])),
                LastResult = (await new ResultReading(session).NewestAsync([id])).GetValueOrDefault(id),
            };
    }

    /// <summary>Without their results.</summary>
    public static async Task<IReadOnlyList<TargetRow>> FindAsync(PgSession session, SecretBox secrets, IReadOnlyCollection<long> ids)
    {
        var rows = await session.RowsAsync(
            row => (Target: TargetRows.Read(row, secrets), State: TargetRows.ReadState(row, TargetRows.ColumnCount)),
            $"SELECT {TargetRows.Columns}, s.state {TargetRows.FromIds} WHERE t.deleted_at IS NULL", ids.ToArray());
        var channels = await TargetRows.ChannelsAsync(session, rows.Select(row => row.Target.Id));
        return [.. rows.Select(row => new TargetRow(TargetRows.WithChannels(row.Target, channels), row.State, null))];
    }

    private async Task<List<(Target Target, HealthState? State, string Key)>> ReadPageAsync(PgSession session, SecretBox secrets, TargetQuery query)
    {
        var key = query.Sort switch
        {
            TargetSort.Name => "t.name_folded",
            TargetSort.StatusSince => "coalesce(s.status_since, t.created_at)",
            _ => "t.id",
        };
        var (beyond, order) = query.Descending ? ("<", "DESC") : (">", "ASC");
        if (query.After is { } after)
        {
            object value = query.Sort == TargetSort.Name ? after.Value : KeyNumber(after);
            _filter.Append(" AND (").Append(key).Append(", t.id) ").Append(beyond).Append(" (").Append(Bind(value)).Append(", ").Append(Bind(after.Id)).Append(')');
        }

        var sql = $"SELECT {TargetRows.Columns}, s.state, {key}{From}{_filter} ORDER BY {key} {order}, t.id {order} LIMIT {Bind((long)query.Limit + 1)}";
        return await session.RowsAsync(
            row => (TargetRows.Read(row, secrets), TargetRows.ReadState(row, TargetRows.ColumnCount),
                Convert.ToString(row.GetValue(TargetRows.ColumnCount + 1), CultureInfo.InvariantCulture)!),
            sql, [.. _values]);
    }

    /// <summary>A key that was made up is beyond nothing: the list begins anew.</summary>
    private static long KeyNumber(PageKey key) => long.TryParse(key.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private void Add(object? value, string condition)
    {
        if (value is not null)
        {
            _filter.Append(" AND ").Append(condition).Append(Bind(value));
        }
    }

    private string Bind(object? value)
    {
        _values.Add(value);
        return "$" + _values.Count.ToString(CultureInfo.InvariantCulture);
    }
}
