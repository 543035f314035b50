using System.Buffers;
using System.Collections;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Grains.Journal;
using Monitor.UnitTests.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Journal;

public sealed class JournalCodecTests
{
    private static readonly Config Few = Config.QuickThrowOnFailure.WithMaxTest(50);

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Elements("", "磁盘已满", "a\"b\\c\n\u001e\u0000\u2028", "😀", "null"),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => Whole(text.Get)));

    private static readonly Gen<double> Numbers = Gen.OneOf(
        Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, double.Epsilon, double.MaxValue),
        ArbMap.Default.GeneratorFor<double>());

    private static readonly Gen<DateTimeOffset> Times = Gen.Choose(0, int.MaxValue).Select(tick => Samples.Start.AddTicks(tick * 7919L));

    private static readonly Gen<MetricValue> Values = Gen.OneOf(
        Numbers.Select(MetricValue.Of),
        Texts.Select(MetricValue.Of),
        Gen.Elements(true, false).Select(MetricValue.Of),
        Texts.ListOf().Select(list => MetricValue.Of((IReadOnlyList<string>)[.. list])),
        Texts.ListOf().SelectMany(_ => Numbers, (names, number) => MetricValue.Of(names.Distinct().ToDictionary(name => name, _ => number))));

    [Fact]
    public void Whatever_goes_into_the_journal_comes_out_as_it_was() =>
        Check.One(Few, Prop.ForAll(Arb.From(Batches().Resize(6)), batch => Dump(Decoded(Encoded(batch))) == Dump(batch)));

    [Fact]
    public void A_payload_never_holds_the_marker_by_which_records_are_found() =>
        Check.One(Few, Prop.ForAll(Arb.From(Batches().Resize(6)), batch => !Encoded(batch).AsSpan().ContainsAnyInRange((byte)0, (byte)0x1F)));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"format\":1,\"batch\":{\"silo\":\"a\",\"sequence\":1}}")]
    [InlineData("{\"format\":2,\"batch\":{\"silo\":\"a\",\"sequence\":1,\"results\":[],\"states\":[],\"deliveries\":[]}}")]
    [InlineData("{\"format\":1,\"batch\":{\"silo\":\"a\",\"sequence\":1,\"results\":[{\"target_id\":1}],\"states\":[],\"deliveries\":[]}}")]
    [InlineData("not json")]
    public void What_is_no_batch_or_of_a_newer_format_is_refused(string payload) =>
        Assert.Throws<FormatException>(() => JournalCodec.Decode(Encoding.UTF8.GetBytes(payload)));

    private static byte[] Encoded(CommitBatch batch)
    {
        var buffer = new ArrayBufferWriter<byte>();
        JournalCodec.Encode(buffer, batch);
        return buffer.WrittenSpan.ToArray();
    }

    private static CommitBatch Decoded(byte[] payload) => JournalCodec.Decode(payload);

    /// <summary>Half a surrogate pair is no text: UTF-8 cannot carry it, and texts are checked before they get here.</summary>
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static Gen<CommitBatch> Batches() =>
        from silo in Texts
        from sequence in Gen.Choose(0, int.MaxValue)
        from results in Results().ListOf()
        from states in States().ListOf()
        from deliveries in Deliveries().ListOf()
        from slots in Slots().ListOf()
        select new CommitBatch(silo, sequence, [.. results], [.. states], [new DeliveryWrite([.. deliveries], [.. slots])]);

    private static Gen<CheckRecord> Results() =>
        from target in Gen.Choose(1, int.MaxValue)
        from at in Times
        from outcome in Gen.Elements(Enum.GetValues<ProbeOutcome>())
        from stage in Gen.Elements<FailureStage?>(null, FailureStage.Dns, FailureStage.Assertion)
        from text in Texts
        from lines in Texts.ListOf()
        from names in Texts.ListOf()
        from value in Values
        from trigger in Gen.Elements(Enum.GetValues<ProbeTrigger>())
        select new CheckRecord
        {
            TargetId = target,
            CheckedAt = at,
            Outcome = outcome,
            Stage = stage,
            Latency = TimeSpan.FromTicks(target),
            Message = text,
            Warnings = [.. lines],
            Notes = [.. names],
            Metrics = names.Count == 0 ? ProbeMetrics.Empty : new ProbeMetrics([.. names.Select(name => new Metric(name, value))]),
            Trigger = trigger,
            Silo = text,
            Zone = "z",
        };

    private static Gen<StateWrite> States() =>
        from target in Gen.Choose(1, int.MaxValue)
        from at in Times
        from text in Texts
        from memory in ArbMap.Default.GeneratorFor<byte[]>()
        from hasMemory in Gen.Elements(true, false)
        from status in Gen.Elements(Enum.GetValues<HealthStatus>())
        from alerts in Alerts().ListOf()
        from deliveries in Deliveries().ListOf()
        from remove in Gen.Elements(true, false)
        select new StateWrite(
            target,
            text,
            new Fence(target % 256, target, 3),
            target,
            new HealthState
            {
                Type = text,
                Status = status,
                StatusSince = at,
                ConsecutiveFailures = target,
                FailingSince = remove ? at : null,
                Outage = remove ? new OpenEpisode(3, at, at, 5, [1, target]) : null,
                LastEpisode = 3,
            },
            hasMemory ? memory : null,
            [.. alerts],
            [.. deliveries],
            remove);

    private static Gen<AlertRecord> Alerts() =>
        from target in Gen.Choose(1, int.MaxValue)
        from text in Texts
        from at in Times
        from reason in Gen.Elements<ResolvedReason?>(null, ResolvedReason.Recovered, ResolvedReason.Changed)
        select new AlertRecord
        {
            Id = target % 2,
            TargetId = target,
            Episode = target,
            TargetName = text,
            TargetType = "http",
            Endpoint = text,
            Group = reason is null ? null : text,
            Severity = reason is null ? AlertSeverity.Warning : AlertSeverity.Critical,
            Message = text,
            StartedAt = at,
            FiredAt = at,
            ResolvedAt = reason is null ? null : at,
            ResolvedReason = reason,
            RecoveredIntoDegraded = reason is null,
            FailureCount = target,
            ToldAs = reason is null ? null : 9,
        };

    private static Gen<Delivery> Deliveries() =>
        from target in Gen.Choose(1, int.MaxValue)
        from status in Gen.Elements(Enum.GetValues<DeliveryStatus>())
        from text in Texts
        from at in Times
        select new Delivery
        {
            Key = new DeliveryKey(target, 2, status == DeliveryStatus.Sent ? DeliveryKind.Resolved : DeliveryKind.Firing, target),
            Status = status,
            Reason = status == DeliveryStatus.Superseded ? text : null,
            Attempts = target,
            LastError = status == DeliveryStatus.Dead ? text : null,
            MessageId = text,
            CreatedAt = at,
            SentAt = status == DeliveryStatus.Sent ? at : null,
        };

    private static Gen<SendSlot> Slots() =>
        from robot in Texts
        from at in Times
        from ended in Gen.Elements(true, false)
        select new SendSlot(robot, robot, at, ended ? at : null);

    /// <summary>Everything that a value says, by its public properties: equality of records stops at lists.</summary>
    private static string Dump(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text + "\"",
        double number => BitConverter.DoubleToInt64Bits(number).ToString("x", System.Globalization.CultureInfo.InvariantCulture),
        DateTimeOffset or TimeSpan or Enum or bool or int or long => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)
            + (value is DateTimeOffset at ? at.Ticks : ""),
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        IEnumerable list => "[" + string.Join(',', list.Cast<object?>().Select(Dump)) + "]",
        _ => value.GetType().Name + "{" + string.Join(',', value.GetType().GetProperties()
            .Where(property => property.GetIndexParameters().Length == 0)
            .Select(property => property.Name + "=" + Dump(property.GetValue(value)))) + "}",
    };
}
