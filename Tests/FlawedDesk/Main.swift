import Commands
import DeskStrategies
import Trading

/// The command line with strategies that the tests need; `DESK_METRONOME` picks one of several builds of one.
@main
enum Main {
    static func main() {
        var strategies: [any Strategy.Type] = [
            Flawed.Clocked.self, Flawed.Hashed.self, Flawed.Chancy.self, Lifer.self,
        ]
        switch Environment.metronome {
        case "late": strategies.append(LateMetronome.self)
        case "refactored": strategies.append(RefactoredMetronome.self)
        default: strategies.append(Metronome.self)
        }
        TapedeckMain.run(strategies: strategies)
    }
}
