#ifndef APUS_CLIBUV_SHIM_H
#define APUS_CLIBUV_SHIM_H

#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <uv.h>

#endif
