using System.Reflection;
using Monitor.CrashHost;

// The real silo, in this process, with its own entry point and arguments; it dies with no goodbye at the step that a plan names.
var plans = CrashPlan.Read(args, out var rest);
using var listener = CrashListener.Subscribe(plans);
var entry = Assembly.Load("silo").EntryPoint!;
return entry.Invoke(null, entry.GetParameters().Length == 0 ? null : [rest]) as int? ?? 0;
