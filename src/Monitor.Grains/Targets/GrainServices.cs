using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Grains.Notifying;
using Monitor.Grains.Probing;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Targets;

/// <summary>What all owners of targets on this silo share.</summary>
public sealed record GrainServices(
    AnchoredClock Clock,
    Scheduler Scheduler,
    ProberCatalog Catalog,
    ProberWorkers Workers,
    RecordMaker Records,
    IRecordWriter Writer,
    IDeliveryQueue Deliveries,
    IGrainStore Store,
    PulseWindow Pulse,
    ILogger<TargetGrain> Log);
