using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Web.Text;

namespace Monitor.Gateway.Web.Components;

/// <summary>What went wrong, and what the visitor can do about it.</summary>
public sealed record ErrorModel(int Status, LocalizedText Title, LocalizedText Detail, LocalizedText Advice, IReadOnlyList<FieldError> Errors, IReadOnlyList<long> TargetIds)
{
    internal static ErrorModel Of(Problem problem) =>
        new(problem.Status, Problem.Title(problem.Status), problem.Detail, ErrorWords.Advice(problem.Status), problem.Errors, problem.TargetIds ?? []);
}
