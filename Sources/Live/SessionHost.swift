/// What the process that runs a session does for it when an operator asks.
public struct SessionHost: Sendable {
    /// Begins the orderly end, as a signal would; gets the reason.
    ///
    /// Returns at once.
    public var end: @Sendable (String) -> Void
    /// Reads the session file anew and makes of it what this process would start with now.
    ///
    /// May block.
    public var settings: @Sendable () throws(RequestRefusal) -> SessionConfiguration

    public init(
        end: @escaping @Sendable (String) -> Void,
        settings: @escaping @Sendable () throws(RequestRefusal) -> SessionConfiguration
    ) {
        self.end = end
        self.settings = settings
    }
}

/// One value of the settings as they hold: from the session file, `--set` or an option.
public struct SettingLine: Hashable, Sendable {
    /// Such as `limits.order_value`; a list has one line for each of its entries.
    public var path: String
    public var value: String
    /// `session.yaml:12:5`, `--set`, or an option's name.
    public var place: String

    public init(path: String, value: String, place: String) {
        self.path = path
        self.value = value
        self.place = place
    }
}
