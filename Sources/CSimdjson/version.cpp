#include <simdjson.h>

#include "CSimdjson.h"

extern "C" const char *tdj_library_version(void) { return SIMDJSON_STRINGIFY(SIMDJSON_VERSION); }
