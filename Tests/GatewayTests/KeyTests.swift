import Bybit
import Glibc
import Market
import Testing

@testable import Gateway

private let key = "TESTKEY0000000001"
private let secret = "TESTSECRET00000000000000000000000001"

@Suite struct SignerTests {
    @Test(arguments: [
        (
            "GET/realtime1767225610000",
            "32c4e38e4ce0c360da0eef0814130b613c22d67d1c0c0e61274885421c04cae0"
        ),
        (
            "1767225600000TESTKEY00000000015000category=linear&symbol=BTCUSDT",
            "d8a8825163013c3c937562fcfd253a18fea14902a585f4b6f62ec83e57cb0f9b"
        ),
        (
            "1767225600000TESTKEY00000000015000",
            "15779baa1345df71c3aa4336658431f58471b2211bc55735a63409b3c1a1efc8"
        ),
        (
            #"1767225600000TESTKEY00000000015000{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"90000","timeInForce":"GTC"}"#,
            "3c2a6bb762881dfdbfe89a1258bbd4a6f568b9bf7259e81b3bac0fc95328948b"
        ),
        (
            #"1767225600000TESTKEY00000000015000{"category": "linear", "symbol": "BTCUSDT"}"#,
            "98eed10f616a0568e8d083fd2893bf8fcc7f4ad451c61c332943b1b8cc15f746"
        ),
    ])
    func `signatures equal the protocol's test vectors`(text: String, signature: String) throws {
        #expect(try Signer(key: key, secret: secret).sign(Array(text.utf8)) == signature)
    }

    @Test func `the frame of an authentication is the vector's`() throws {
        let frame = try Signer(key: key, secret: secret)
            .authenticationFrame(expires: 1_767_225_610_000, requestID: "a1")
        #expect(
            String(decoding: frame, as: UTF8.self)
                == #"{"req_id":"a1","op":"auth","args":["TESTKEY0000000001",1767225610000,"#
                + #""32c4e38e4ce0c360da0eef0814130b613c22d67d1c0c0e61274885421c04cae0"]}"#
        )
    }

    @Test func `a fingerprint tells keys apart and is eight digits`() throws {
        let one = try Signer(key: key, secret: secret).fingerprint
        // printf TESTKEY0000000001 | sha256sum
        #expect(one == "e0597913")
        #expect(try Signer(key: key + "2", secret: secret).fingerprint != one)
    }
}

@Suite struct SecretTests {
    @Test func `nothing that prints shows a secret or a key`() throws {
        let signer = try Signer(key: key, secret: secret)
        var bytes = Array(secret.utf8)
        let hidden = try Secret(taking: &bytes)
        #expect(bytes.isEmpty)
        #expect(hidden.count == secret.utf8.count)
        let credentials = Credentials(name: "desk", environment: "testnet", signer: signer)
        let settings = try RESTClient.Settings(
            destination: Destination(.testnet),
            credentials: credentials
        )
        var shown = ""
        let things: [Any] = [hidden, signer, credentials, settings, [hidden], ["a": signer]]
        for thing in things {
            shown += "\(thing) " + String(reflecting: thing)
            dump(thing, to: &shown)
            shown += "\(Mirror(reflecting: thing).children.map { "\($0)" })"
        }
        #expect(!shown.contains(key) && !shown.contains(secret))
        #expect(shown.contains("(secret)") && shown.contains(signer.fingerprint))
    }

    @Test func `taking a secret leaves nothing of it where it came from`() throws {
        var bytes = Array(secret.utf8)
        let copy = bytes
        let hidden = try Secret(taking: &bytes)
        #expect(bytes.isEmpty)
        hidden.withBytes { #expect($0.elementsEqual(copy)) }
    }
}

@Suite struct CredentialsTests {
    private let text = """
        # two keys of the desk
        [desk]
        key = \(key)
        secret=\(secret)
        environment = testnet

        [other]
        key = OTHERKEY00000001
        secret = OTHERSECRET000001
        environment = mainnet
        """

    private func read(_ name: String, file: String) throws(CredentialsError) -> Credentials {
        try Credentials.read(name: name, file: file, variable: { _ in nil })
    }

    @Test func `a section is read by its name`() throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials")
        let desk = try read("desk", file: file)
        #expect(desk.environment == "testnet" && desk.name == "desk")
        #expect(desk.signer.fingerprint == (try Signer(key: key, secret: secret)).fingerprint)
        let signature = desk.signer.sign(Array("GET/realtime1767225610000".utf8))
        #expect(signature.hasPrefix("32c4e38e"))
        #expect(try read("other", file: file).environment == "mainnet")
    }

    @Test(arguments: [
        (mode_t(0o600), true), (0o400, true), (0o700, true), (0o640, false), (0o604, false),
        (0o660, false), (0o644, false), (0o601, false), (0o777, false),
    ])
    func `a file that others may use is refused with the command that helps`(
        mode: mode_t,
        isFine: Bool
    ) throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials", mode: mode)
        if isFine {
            #expect(try read("desk", file: file).name == "desk")
        } else {
            let expected = CredentialsError.openToOthers(file: file, mode: UInt32(mode))
            #expect(throws: expected) { try read("desk", file: file) }
            #expect(expected.status == 77)
            #expect(expected.description.hasSuffix("`chmod 600 \(file)`"))
        }
    }

    @Test func `links, directories, long files and files of nobody are refused`() throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials")
        let link = directory.path + "/link"
        #expect(symlink(file, link) == 0)
        #expect(throws: CredentialsError.symbolicLink(file: link)) { try read("desk", file: link) }
        #expect(throws: CredentialsError.notRegular(file: directory.path)) {
            try read("desk", file: directory.path)
        }
        let long = try directory.write(String(repeating: "#", count: 4_097), to: "long")
        #expect(throws: CredentialsError.tooLong(file: long, bytes: 4_097)) {
            try read("desk", file: long)
        }
        let missing = directory.path + "/missing"
        #expect(throws: CredentialsError.missing(file: missing)) {
            try read("desk", file: missing)
        }
        let second = directory.path + "/second"
        #expect(Glibc.link(file, second) == 0)
        #expect(throws: CredentialsError.linkedTwice(file: file)) { try read("desk", file: file) }
        unlink(second)
        chmod(directory.path, 0o777)
        #expect(throws: CredentialsError.directoryOpenToOthers(directory: directory.path)) {
            try read("desk", file: file)
        }
        chmod(directory.path, 0o700)
    }

    @Test(arguments: [
        ("[desk]\nkey = a\nsecret = b\n", "section [desk]: the line `environment = …` is missing"),
        (
            "[desk]\nkey = a\nenvironment = demo\n",
            "section [desk]: the line `secret = …` is missing"
        ),
        ("[desk]\nenvironment = moon\n", "line 2: environment is one of mainnet, testnet, demo"),
        ("[desk]\nkey=a\nSECRETVALUE\n", "line 3: write it as `key = …`"),
        ("[desk]\nkey =\n", "line 2: the value is empty or not plain text"),
        (
            "[desk]\nsecret = SECRETVALUE with blanks\n",
            "line 2: the value is empty or not plain text"
        ),
        (
            "[desk]\npassword = SECRETVALUE\n",
            "line 2: unknown name; allowed are key, secret or rsa, environment"
        ),
        ("[desk]\nkey = a\n[desk]\n", "line 3: [desk] is there twice"),
        ("[desk\n", "line 1: a section is written [NAME]"),
        ("[other]\nkey = a\n", "has no section [desk]"),
        ("", "has no section [desk]"),
    ])
    func `a wrong text is told by its place, and never quoted`(text: String, words: String) throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials")
        let error = try #require(throws: CredentialsError.self) { try read("desk", file: file) }
        #expect(error.description.contains(words))
        #expect(!error.description.contains("SECRETVALUE"))
        #expect(error.status == 78)
    }

    @Test func `systemd's directory comes first, and its files need neither mode nor section`()
        throws
    {
        let directory = try TestDirectory()
        try directory.write(
            "key = \(key)\nsecret = \(secret)\nenvironment = demo\n",
            to: "desk",
            mode: 0o440
        )
        let credentials = try Credentials.read(name: "desk") { name in
            name == "CREDENTIALS_DIRECTORY" ? directory.path : nil
        }
        #expect(credentials.environment == "demo")
    }

    @Test func `the file of the user's configuration is the last resort`() throws {
        let directory = try TestDirectory()
        let error = try #require(throws: CredentialsError.self) {
            try Credentials.read(name: "desk") { $0 == "XDG_CONFIG_HOME" ? directory.path : nil }
        }
        #expect(error == .missing(file: directory.path + "/tapedeck/credentials"))
        let home = try #require(throws: CredentialsError.self) {
            try Credentials.read(name: "desk") { $0 == "HOME" ? directory.path : nil }
        }
        #expect(home == .missing(file: directory.path + "/.config/tapedeck/credentials"))
    }

    @Test(arguments: [
        "", "../desk", "a/b", ".hidden", "a b", "a\n", String(repeating: "a", count: 65),
    ])
    func `a name that is none is refused before any file is opened`(name: String) {
        #expect(throws: CredentialsError.badName(name)) {
            try Credentials.read(name: name) { _ in "/" }
        }
    }

    @Test func `a key goes to its own environment only`() throws {
        let signer = try Signer(key: key, secret: secret)
        let everywhere =
            Environment.allCases.map { Destination($0) } + [
                try Destination.endpoint(base: "http://127.0.0.1:1"),
                try Destination.endpoint(base: "https://desk.example"),
            ]
        for environment in Environment.allCases.map(\.rawValue) + ["loopback"] {
            let credentials = Credentials(name: "k", environment: environment, signer: signer)
            for destination in everywhere {
                let isOwn =
                    destination.environment?.rawValue == environment
                    || (destination.isLoopback && environment == "loopback")
                let client = Result { () throws(GatewayError) in
                    try RESTClient.Settings(destination: destination, credentials: credentials)
                }
                let socket = Result { () throws(GatewayError) in
                    try Socket.Settings(
                        slot: SocketSlot(.privateData(account: "main")),
                        number: 0,
                        destination: destination,
                        tls: nil,
                        credentials: credentials
                    )
                }
                for isTaken in [(try? client.get()) != nil, (try? socket.get()) != nil] {
                    #expect(isTaken == isOwn, "\(environment) to \(destination)")
                }
            }
        }
    }
}
