#pragma once
/// The commit this program was built from; `-changed` when the tree had changes, `unknown` outside git.
const char *tapedeck_commit(void);
