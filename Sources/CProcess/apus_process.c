#include "apus_process.h"
