#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Not in the headers of Debian 12.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION_FLAG 1u
#define LANDLOCK_NET_CONNECT_TCP (UINT64_C(1) << 1)

struct landlock_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
};

int tapedeck_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION_FLAG);
    return version < 0 ? 0 : (int)version;
}

static int forbid_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

int tapedeck_deny_outgoing_by_landlock(void) {
    if (tapedeck_landlock_version() < 4) return -ENOSYS;
    int result = forbid_new_privileges();
    if (result != 0) return result;
    // A right that is handled and has no rule is denied everywhere.
    struct landlock_ruleset rules = {0, LANDLOCK_NET_CONNECT_TCP};
    int descriptor = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0u);
    if (descriptor < 0) return -errno;
    result = syscall(SYS_landlock_restrict_self, descriptor, 0u) == 0 ? 0 : -errno;
    close(descriptor);
    return result;
}

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef THIS_ARCH

// Both processors are little-endian: the low half of an argument comes first.
#define NUMBER offsetof(struct seccomp_data, nr)
#define ARCH offsetof(struct seccomp_data, arch)
#define LOW(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define HIGH(n) (LOW(n) + 4)

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define MASK(bits) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define IF_ANY_BIT(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes), (no))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

int tapedeck_deny_outgoing_by_seccomp(void) {
    // Each block begins with the system call's number in the accumulator, and either returns or leaves it there.
    struct sock_filter filter[] = {
        // Another instruction set has other numbers.
        LOAD(ARCH),
        IF_EQUAL(THIS_ARCH, 1, 0),
        DENY,
        LOAD(NUMBER),
#if defined(__x86_64__)
        // x32 numbers its calls from here on.
        IF_ANY_BIT(0x40000000, 0, 1),
        DENY,
#endif
        IF_EQUAL(SYS_connect, 0, 1),
        DENY,
        IF_EQUAL(SYS_io_uring_setup, 0, 1),
        DENY,
        // sendto: an address (argument 4) that is not NULL.
        IF_EQUAL(SYS_sendto, 0, 6),
        LOAD(LOW(4)),
        IF_EQUAL(0, 0, 3),
        LOAD(HIGH(4)),
        IF_EQUAL(0, 0, 1),
        // Fast open without an address fails by itself.
        ALLOW,
        DENY,
        // sendmsg, sendmmsg: MSG_FASTOPEN connects.
        IF_EQUAL(SYS_sendmsg, 0, 4),
        LOAD(LOW(2)),
        IF_ANY_BIT(MSG_FASTOPEN, 0, 1),
        DENY,
        ALLOW,
        IF_EQUAL(SYS_sendmmsg, 0, 4),
        LOAD(LOW(3)),
        IF_ANY_BIT(MSG_FASTOPEN, 0, 1),
        DENY,
        ALLOW,
        // socket: AF_UNIX and AF_NETLINK stay on this machine; TCP needs connect to leave.
        IF_EQUAL(SYS_socket, 0, 13),
        LOAD(LOW(0)),
        IF_EQUAL(AF_UNIX, 9, 0),
        IF_EQUAL(AF_NETLINK, 8, 0),
        IF_EQUAL(AF_INET, 1, 0),
        IF_EQUAL(AF_INET6, 0, 7),
        LOAD(LOW(1)),
        MASK(0xf),
        IF_EQUAL(SOCK_STREAM, 0, 4),
        LOAD(LOW(2)),
        IF_EQUAL(0, 1, 0),
        IF_EQUAL(IPPROTO_TCP, 0, 1),
        ALLOW,
        DENY,
        ALLOW,
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    int result = forbid_new_privileges();
    if (result != 0) return result;
    long refused = syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (refused < 0) return -errno;
    // A positive number is the thread that could not take the filter.
    return refused > 0 ? -EBUSY : 0;
}

#else

int tapedeck_deny_outgoing_by_seccomp(void) { return -ENOSYS; }

#endif

int tapedeck_deny_outgoing(void) {
    // Landlock first: a thread that refused seccomp's filter leaves at least this.
    (void)tapedeck_deny_outgoing_by_landlock();
    return tapedeck_deny_outgoing_by_seccomp();
}

int tapedeck_forbid_dumps(void) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -errno;
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 ? 0 : -errno;
}
