#pragma once
#include <curl/curl.h>

// Swift cannot see variadic functions: one inline function for each kind of argument.

static inline CURLcode curl_easy_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

// The string is copied by libcurl.
static inline CURLcode curl_easy_set_string(CURL *easy, CURLoption option, const char *text) {
    return curl_easy_setopt(easy, option, text);
}

static inline CURLcode curl_easy_set_pointer(CURL *easy, CURLoption option, void *pointer) {
    return curl_easy_setopt(easy, option, pointer);
}

static inline CURLcode curl_easy_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_headers(CURL *easy, struct curl_slist *list) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

// The blob is copied by libcurl.
static inline CURLcode curl_easy_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}

// User and password of a proxy, sent with the first request: of the one scheme nothing needs to be asked.
static inline CURLcode curl_easy_set_basic_proxy(CURL *easy, const char *user, const char *password) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, user);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, password);
    return code;
}

typedef size_t (*curl_bytes_function)(char *bytes, size_t size, size_t count, void *context);

// CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION, CURLOPT_READFUNCTION: all of one shape.
static inline CURLcode curl_easy_set_function(CURL *easy, CURLoption option, curl_bytes_function function) {
    return curl_easy_setopt(easy, option, function);
}

static inline CURLMcode curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLcode curl_easy_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode curl_easy_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

// `data` of a CURLMsg is a union, which Swift sees as opaque.
static inline CURLcode curl_message_result(const CURLMsg *message) {
    return message->data.result;
}
