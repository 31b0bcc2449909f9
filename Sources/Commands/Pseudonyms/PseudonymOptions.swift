import ArgumentParser
import Runtime

/// `--pseudonymise` and `--scale`, of every command that makes something to hand on.
struct PseudonymOptions: ParsableArguments {
    @Flag(
        help:
            "Other ids in the place of all that say whose it is; texts that somebody wrote are listed."
    )
    var pseudonymise = false

    @Option(
        help: ArgumentHelp(
            "--pseudonymise: multiply all amounts by this, from 0.000001 to 1000000. Quantities, values, balances, fees, "
                + "P&L, limits and lot sizes are amounts, prices and rates are none. Refused when the replay then differs.",
            valueName: "factor"
        )
    )
    var scale: String?

    func factor() throws -> AmountScale? {
        guard let scale else { return nil }
        guard pseudonymise else {
            throw Failure(
                .usage,
                "--scale is of --pseudonymise",
                do: "Give both, or leave it out."
            )
        }
        guard let factor = AmountScale(scale) else {
            throw Failure(
                .usage,
                "\(scale) is not a factor",
                do:
                    "Write a decimal from 0.000001 to 1000000 with at most six places, such as 0.37."
            )
        }
        return factor
    }
}
