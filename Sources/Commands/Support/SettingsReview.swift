import Foundation
import Journal
import Live
import Trading

/// Everything that is wrong with a session file, not the first thing alone.
///
/// Each wrong entry is told and left out, and the rest is read again: so every check is the session's own.
struct SettingsReview {
    private(set) var problems: [Failure] = []
    /// Of what is right in the file; `nil` when nothing can be made of it.
    private(set) var configuration: SessionConfiguration?
    /// The key that it names, when that is there and fits.
    private(set) var key: KeyCard?
    /// A key that is refused for safety, which is no fault of the session file.
    private(set) var refusal: Failure?

    init(file: String) {
        do {
            let settings = try SessionSettings.read(file: file)
            guard !settings.entries.isEmpty else {
                add(Failure(.sessionFile, "the session file says nothing", at: file))
                return
            }
            review(settings)
        } catch {
            add(error, file)
        }
    }

    private mutating func review(_ read: Settings) {
        var settings = read
        for entry in read.entries
        where !Settings.allows(entry.path, SessionSettings.allowed) {
            let failure = Settings.unknown(entry, allowed: SessionSettings.allowed)
            if !problems.contains(where: { $0.place == failure.place }) { add(failure) }
            settings.remove(place: entry.place)
        }
        // As often as there are entries, each time with one less.
        for _ in 0...read.entries.count {
            do {
                configuration = try SessionSettings.configuration(
                    settings,
                    path: "recordings",
                    target: .environment("mainnet")
                )
                break
            } catch {
                let failure = add(error, "")
                guard settings.remove(place: failure.place) else { return }
            }
        }
        reviewStrategies(settings)
        reviewLimits(settings)
        reviewFiles(settings)
        reviewConnection(settings)
        let places = read.entries.flatMap { [$0.keyPlace, $0.place] }
        let order = problems.map { places.firstIndex(of: $0.place) ?? .max }
        problems = zip(order, problems).sorted { $0.0 < $1.0 }.map { $0.1 }
    }

    private mutating func reviewStrategies(_ settings: Settings) {
        for strategy in configuration?.strategies ?? [] {
            var rest = strategy
            for _ in 0...strategy.parameters.count {
                do throws(EngineError) {
                    _ = try TapedeckMain.strategies.resolved(rest)
                    break
                } catch {
                    guard case .setting(let wrong) = error else {
                        add(error, "")
                        break
                    }
                    add(wrong, settings)
                    guard wrong.name != "kind" else { break }
                    rest.parameters.removeAll { $0.name == wrong.name }
                }
            }
        }
    }

    private mutating func reviewLimits(_ settings: Settings) {
        var limits = configuration?.limits ?? []
        for _ in 0...limits.count {
            do throws(SettingError) {
                _ = try RiskLimits(limits)
                return
            } catch {
                add(error, settings)
                limits.removeAll { $0.name == error.name }
            }
        }
    }

    private mutating func add(_ error: SettingError, _ settings: Settings) {
        let path = error.owner + "." + error.name
        let entry = settings.value(path) ?? settings.value(error.owner + ".kind")
        let place =
            error.problem == .unknown && entry?.keyPlace.isEmpty == false
            ? entry?.keyPlace : entry?.place
        let guess =
            error.problem == .unknown
            ? Guess.path(
                error.name,
                among: error.allowed.split(separator: ",").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
            ) : nil
        add(
            Failure(
                .sessionFile,
                error.description,
                at: place ?? "",
                do: guess.map { "Did you mean \($0)?" } ?? ""
            )
        )
    }

    private mutating func reviewFiles(_ settings: Settings) {
        guard let entry = settings.value("journal.signing_key") else { return }
        do throws(JournalError) {
            _ = try SigningKey(file: entry.value)
        } catch {
            add(
                Failure(
                    .sessionFile,
                    "journal.signing_key cannot be used: \(error)",
                    at: entry.place,
                    do: "`tapedeck keygen` makes one."
                )
            )
        }
    }

    private mutating func reviewConnection(_ settings: Settings) {
        guard let configuration else { return }
        if let error = configuration.destinationProblem {
            let path =
                error.description.hasPrefix("proxy ")
                ? "proxy" : settings.value("endpoint") == nil ? "environment" : "endpoint"
            add(
                Failure(
                    .sessionFile,
                    error.description,
                    at: settings.value(path)?.place ?? ""
                )
            )
            return
        }
        do throws(SessionError) {
            key = try configuration.keyCard()
        } catch {
            var failure = Failure(error)
            let entry = settings.value("credentials") ?? settings.value("proxy")
            let place = entry?.place ?? ""
            if failure.status == .sessionFile {
                // Of the credentials file, which is named; the session file is where to look first.
                failure.what =
                    failure.place.isEmpty ? failure.what : "\(failure.place): \(failure.what)"
                failure.place = place
                add(failure)
            } else {
                refusal = failure
            }
        }
    }

    // MARK: - Problems

    private mutating func add(_ failure: Failure) { problems.append(failure) }

    @discardableResult
    private mutating func add(_ error: any Error, _ place: String) -> Failure {
        let failure = error as? Failure ?? Failure(.sessionFile, "\(error)", at: place)
        add(failure)
        return failure
    }
}

extension Settings {
    /// Leaves out what stands at a place; false when nothing does.
    @discardableResult
    mutating func remove(place: String) -> Bool {
        guard let entry = entries.first(where: { $0.place == place }) else { return false }
        let rest = entries.filter { $0.place != place || $0.path != entry.path }
        self = Settings()
        for kept in rest { append(kept) }
        return true
    }
}
