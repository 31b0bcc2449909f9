import Bybit
import CCurl
import Market

/// One request under way at libcurl, on the client's thread.
final class CurlTransfer {
    let handle: UnsafeMutableRawPointer
    let done: @Sendable (RESTExchange) -> Void
    var exchange: RESTExchange
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private let bodyMax: Int
    private var isTooLong = false
    private var bodySent = 0
    /// `http://HOST:PORT`; `nil`: none.
    private let proxy: String?
    private let hasProxyCredentials: Bool
    /// Of a proxy that is asked for a tunnel the answers are its own only before the tunnel stands.
    private let isTunnelled: Bool
    private var proxyRefusal = ProxyRefusal()

    init?(
        exchange: RESTExchange,
        settings: RESTClient.Settings,
        signer: Signer?,
        proxyCredentials: ProxyCredentials?,
        timestamp: Int64,
        done: @escaping @Sendable (RESTExchange) -> Void
    ) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        self.done = done
        self.exchange = exchange
        bodyMax = settings.bodyMax
        proxy = settings.proxy
        hasProxyCredentials = proxyCredentials != nil
        isTunnelled = settings.destination.rest.isSecure
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setTarget(settings)
        setProxy(settings, proxyCredentials)
        setTrust(settings)
        setHeaders(settings, signer, timestamp: timestamp)
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorBuffer.deallocate()
    }

    private func setTarget(_ settings: RESTClient.Settings) {
        let request = exchange.call.request
        let query = request.query.isEmpty ? "" : "?" + request.query
        curl_easy_set_string(
            handle,
            CURLOPT_URL,
            settings.destination.rest.description + request.path + query
        )
        curl_easy_set_long(handle, CURLOPT_NOSIGNAL, 1)
        curl_easy_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        curl_easy_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        curl_easy_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        curl_easy_set_long(handle, CURLOPT_TCP_NODELAY, 1)
        curl_easy_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        curl_easy_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        curl_easy_set_long(
            handle,
            CURLOPT_TIMEOUT_MS,
            Int(max(1, exchange.call.timeout / 1_000_000))
        )
        curl_easy_set_string(handle, CURLOPT_USERAGENT, "tapedeck")
        if request.method == "POST" {
            curl_easy_set_long(handle, CURLOPT_POST, 1)
            curl_easy_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count)
        }
    }

    private func setProxy(_ settings: RESTClient.Settings, _ credentials: ProxyCredentials?) {
        // An empty text keeps libcurl from asking the environment, for exceptions too.
        curl_easy_set_string(handle, CURLOPT_PROXY, settings.proxy ?? "")
        curl_easy_set_string(handle, CURLOPT_NOPROXY, "")
        guard settings.proxy != nil, let credentials else { return }
        let (user, password) = credentials.texts
        curl_easy_set_basic_proxy(handle, user, password)
    }

    private func setTrust(_ settings: RESTClient.Settings) {
        curl_easy_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        curl_easy_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        curl_easy_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if case .authority(let pem) = settings.trust {
            curl_easy_set_blob(handle, CURLOPT_CAINFO_BLOB, pem, pem.count)
            // Without this the system's directory of authorities would be believed as well.
            curl_easy_set_string(handle, CURLOPT_CAPATH, nil)
        }
    }

    private func setHeaders(_ settings: RESTClient.Settings, _ signer: Signer?, timestamp: Int64) {
        let request = exchange.call.request
        var lines: [String] = []
        if request.method == "POST" { lines += ["Content-Type: application/json", "Expect:"] }
        if request.isSigned, let signer {
            lines += signer.headers(request, timestamp: timestamp, window: settings.window)
        }
        for line in lines { headers = curl_slist_append(headers, line) }
        curl_easy_set_headers(handle, headers)
    }

    private func setCallbacks() {
        // The transfer outlives its handle's use: it is held by the thread until the handle has left libcurl.
        let this = Unmanaged.passUnretained(self).toOpaque()
        curl_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, errorBuffer)
        curl_easy_set_pointer(handle, CURLOPT_PRIVATE, this)
        curl_easy_set_pointer(handle, CURLOPT_WRITEDATA, this)
        curl_easy_set_pointer(handle, CURLOPT_HEADERDATA, this)
        curl_easy_set_pointer(handle, CURLOPT_READDATA, this)
        curl_easy_set_function(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let transfer = CurlTransfer.at(context) else { return 0 }
            return transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        curl_easy_set_function(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let transfer = CurlTransfer.at(context) else { return 0 }
            transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        // The body is read, not handed over, and cannot be rewound: libcurl would else send an order again by itself
        // when a connection that it used again turns out dead.
        curl_easy_set_function(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let bytes, let transfer = CurlTransfer.at(context) else { return 0 }
            return transfer.giveBody(
                UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            )
        }
    }

    static func at(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard exchange.body.count + bytes.count <= bodyMax else {
            isTooLong = true
            return 0
        }
        exchange.body.append(contentsOf: bytes)
        return bytes.count
    }

    private func giveBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, exchange.call.request.body.count - bodySent)
        buffer.copyBytes(from: exchange.call.request.body[bodySent..<(bodySent + count)])
        bodySent += count
        return count
    }

    private func takeHeader(_ line: UnsafeRawBufferPointer) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line.count < 512 else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = Words.printable(line[(colon + 1)...].filter { $0 > 0x20 })
        switch name {
        case "x-bapi-limit": exchange.limit = value
        case "x-bapi-limit-status": exchange.limitStatus = value
        case "x-bapi-limit-reset-timestamp": exchange.limitReset = value
        default: proxyRefusal.take(name: name, value: value)
        }
    }

    /// What became of it; nothing is known of a request of which any byte has left and that was not answered.
    func finish(_ result: CURLcode, at time: Timestamp) {
        var status = 0
        curl_easy_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        var requestBytes = 0
        curl_easy_get_long(handle, CURLINFO_REQUEST_SIZE, &requestBytes)
        exchange.wasAttempted = true
        exchange.received = time
        exchange.status = status
        if wasRefusedByProxy(status) { return }
        guard result != CURLE_OK else {
            exchange.outcome = .answered
            return
        }
        let detail = String(cString: errorBuffer)
        exchange.reason =
            isTooLong
            ? "the answer is longer than \(bodyMax) bytes"
            : Words.printable(
                (detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail).utf8
            )
        if requestBytes == 0 {
            exchange.outcome = .notSent
        } else {
            exchange.outcome = result == CURLE_OPERATION_TIMEDOUT ? .timedOut : .failed
        }
    }

    /// A proxy that asks for a user has passed nothing on, and this request is not sent again.
    ///
    /// Many lock a user out who keeps coming with a wrong password. What is asked later, and sockets at their growing
    /// pause, come with it all the same.
    private func wasRefusedByProxy(_ status: Int) -> Bool {
        guard let proxy else { return false }
        var tunnelStatus = 0
        curl_easy_get_long(handle, CURLINFO_HTTP_CONNECTCODE, &tunnelStatus)
        guard (isTunnelled ? tunnelStatus : status) == 407 else { return false }
        exchange.outcome = .notSent
        exchange.wasAttempted = false
        exchange.status = 0
        exchange.body.removeAll()
        exchange.reason = proxyRefusal.words(proxy: proxy, wereGiven: hasProxyCredentials)
        return true
    }
}
