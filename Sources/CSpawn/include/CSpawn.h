#pragma once
#include <sys/types.h>

/// A pipe of which neither end is left open in a program that is started.
///
/// Returns 0, or an errno.
int tapedeck_pipe(int ends[2]);

/// Starts a program in a process group of its own that has nothing of ours: no descriptor but `input` as its standard
/// input (the other two lead to /dev/null), no signal that is blocked or ignored, no variable but those given.
///
/// Returns 0, or an errno.
int tapedeck_spawn(pid_t *child, const char *program, char *const *arguments, char *const *environment, int input);
