#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Denies this process, all of its threads and all its later children every new outgoing connection, for good.
///
/// Two layers of the kernel, both without privileges:
///
/// - seccomp, for all threads at once: `connect`; `sendto` with an address; TCP fast open by `sendmsg` and
///   `sendmmsg`; `io_uring_setup`; and `socket` of anything but AF_UNIX, AF_NETLINK and TCP over AF_INET
///   and AF_INET6, so that no datagram can leave by an address that the filter cannot see. All fail with
///   EPERM.
/// - Landlock (Linux 6.7 and later), for the calling thread and the threads that it makes from here on: no
///   TCP connect. Where the kernel has none, seccomp stands alone.
///
/// `listen`, `accept`, `socketpair` and connections that are open already go on working. AF_UNIX `connect` is
/// denied too: a filter sees the address's place, not the address.
///
/// Returns 0, or a negative errno when seccomp refused: then nothing is denied for certain, and the caller
/// must not go on. On a processor other than x86_64 and aarch64 it is -ENOSYS.
int tapedeck_deny_outgoing(void);

/// Makes this process undumpable: no core file, and no other process of the same user reads its memory.
///
/// Returns 0 or a negative errno.
int tapedeck_forbid_dumps(void);

/// The version of the kernel's Landlock, 0 where it has none. TCP rules need 4.
int tapedeck_landlock_version(void);

/// The two layers alone, so that a test shows each with the other off. Same results as above; Landlock gives
/// -ENOSYS where the kernel has no TCP rules.
int tapedeck_deny_outgoing_by_seccomp(void);
int tapedeck_deny_outgoing_by_landlock(void);

#ifdef __cplusplus
}
#endif
