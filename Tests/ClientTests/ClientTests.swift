import Testing

/// All tests with sockets, one at a time: each has an exchange of its own, whose market must keep up.
@Suite(.serialized) struct ClientTests {}
