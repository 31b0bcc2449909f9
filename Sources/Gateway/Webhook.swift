import CCurl

/// Sends one text to an address of the user's own by HTTP; no part of the exchange's traffic, and no key goes with it.
public enum Webhook {
    /// Why a text is not an address that can be posted to; `nil` when it is one.
    public static func problem(_ url: String) -> String? {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            return "it begins with neither http nor https"
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return "it has blanks in it" }
        let rest = url[(url.firstIndex(of: "/") ?? url.startIndex)...].drop { $0 == "/" }
        guard let first = rest.first, first != "?", first != "#" else { return "it names no host" }
        return nil
    }

    /// Posts JSON and waits for the end, on the caller's thread.
    ///
    /// Redirects are not followed and variables of the environment are not asked. What fails is said without the address.
    ///
    /// - Parameter limit: nanoseconds for all of it.
    /// - Returns: `nil` for an answer of 200 to 299, else why it was none.
    public static func post(_ body: [UInt8], to url: String, limit: Int64) -> String? {
        guard CurlThread.isReady, let handle = curl_easy_init() else {
            return "libcurl has no memory"
        }
        defer { curl_easy_cleanup(handle) }
        var headers = curl_slist_append(nil, "Content-Type: application/json")
        headers = curl_slist_append(headers, "Expect:")
        defer { curl_slist_free_all(headers) }
        curl_easy_set_string(handle, CURLOPT_URL, url)
        curl_easy_set_long(handle, CURLOPT_NOSIGNAL, 1)
        curl_easy_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        curl_easy_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        curl_easy_set_string(handle, CURLOPT_PROXY, "")
        curl_easy_set_string(handle, CURLOPT_USERAGENT, "tapedeck")
        curl_easy_set_long(handle, CURLOPT_TIMEOUT_MS, Int(max(1, limit / 1_000_000)))
        curl_easy_set_headers(handle, headers)
        curl_easy_set_long(handle, CURLOPT_POST, 1)
        curl_easy_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
        // The answer's status says all.
        curl_easy_set_function(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        var body = body
        let result = body.withUnsafeMutableBytes { bytes in
            curl_easy_set_pointer(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
            return curl_easy_perform(handle)
        }
        guard result == CURLE_OK else { return String(cString: curl_easy_strerror(result)) }
        var status = 0
        curl_easy_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return (200...299).contains(status) ? nil : "HTTP \(status)"
    }
}
