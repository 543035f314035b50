using System.Buffers;
using System.IO.Pipelines;

namespace Monitor.Tests.Shared;

/// <summary>
/// A connection whose end is told after all that arrived before it. Kestrel refuses a body that is there in full when its end has been seen with it ("unexpected end of request content"):
/// what a silo had sent before it was killed counted as never sent, now and then.
/// </summary>
internal sealed class LateEnd(IDuplexPipe connection) : IDuplexPipe
{
    public PipeReader Input { get; } = new Reader(connection.Input);

    public PipeWriter Output => connection.Output;

    private sealed class Reader(PipeReader inner) : PipeReader
    {
        private ReadOnlySequence<byte> _shown;

        /// <summary>Bytes that were looked at and left, by who waits for more than these.</summary>
        private long _left = -1;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Shown(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            var has = inner.TryRead(out result);
            result = has ? Shown(result) : result;
            return has;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _left = examined.Equals(_shown.End) ? _shown.Slice(consumed).Length : -1;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult Shown(ReadResult result)
        {
            _shown = result.Buffer;
            return result.IsCompleted && !_shown.IsEmpty && _shown.Length != _left ? new ReadResult(_shown, result.IsCanceled, isCompleted: false) : result;
        }
    }
}
