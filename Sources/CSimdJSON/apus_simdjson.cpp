#include "apus_simdjson.h"
