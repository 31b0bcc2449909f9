#include "CVersion.h"

#ifndef TAPEDECK_COMMIT
#define TAPEDECK_COMMIT "unknown"
#endif

const char *tapedeck_commit(void) { return TAPEDECK_COMMIT; }
