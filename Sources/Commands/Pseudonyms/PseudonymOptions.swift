import ArgumentParser

/// `--pseudonymise`, of every command that makes something to hand on.
struct PseudonymOptions: ParsableArguments {
    @Flag(
        help:
            "Other ids in the place of all that say whose it is; texts that somebody wrote are listed."
    )
    var pseudonymise = false
}
