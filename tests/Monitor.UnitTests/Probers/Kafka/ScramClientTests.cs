using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

/// <summary>The example of RFC 7677, and what a false server may try.</summary>
public sealed class ScramClientTests
{
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";
    private const string ServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    [Theory]
    [InlineData("SCRAM-SHA-256", "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")]
    [InlineData(
        "SCRAM-SHA-512", "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
        "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==")]
    public void The_proof_and_the_servers_signature_are_those_of_the_standard(string mechanism, string proof, string signature)
    {
        var client = new ScramClient(mechanism, "user", "pencil", Nonce);
        Assert.Equal("n,,n=user,r=" + Nonce, client.First);
        var (message, problem) = client.Final(ServerFirst, client.Salt);
        Assert.Null(problem);
        Assert.Equal($"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p={proof}", message);
        Assert.Null(client.Problem("v=" + signature));
        Assert.Contains("does not know the password", client.Problem("v=" + proof), StringComparison.Ordinal);
        Assert.Contains("does not know the password", client.Problem("v="), StringComparison.Ordinal);
        Assert.Contains("does not know the password", client.Problem(""), StringComparison.Ordinal);
        Assert.Equal("the server refused the proof: invalid-proof", client.Problem("e=invalid-proof"));
    }

    [Fact]
    public void A_signature_counts_only_behind_the_proof() =>
        Assert.NotNull(new ScramClient("SCRAM-SHA-256", "user", "pencil", Nonce).Problem("v="));

    [Fact]
    public void Commas_and_equal_signs_in_names_are_escaped() =>
        Assert.Equal("n,,n=a=3Db=2Cc,r=x", new ScramClient("SCRAM-SHA-256", "a=b,c", "p", "x").First);

    [Theory]
    [InlineData("", "challenge is not one of SCRAM")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22Z,i=x", "challenge is not one of SCRAM")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=!!,i=4096", "challenge is not one of SCRAM")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=,i=4096", "challenge is not one of SCRAM")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", "nonce does not continue")]
    [InlineData("r=other,s=W22Z,i=4096", "nonce does not continue")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22Z,i=1", "asks for 1 iterations")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22Z,i=2000000000", "asks for 2000000000 iterations")]
    public void A_challenge_that_is_not_in_order_is_refused_before_any_proof_is_made(string challenge, string words)
    {
        var client = new ScramClient("SCRAM-SHA-256", "user", "pencil", Nonce);
        var (message, problem) = client.Final(challenge, (_, _) => throw new InvalidOperationException("salted"));
        Assert.Null(message);
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }
}
