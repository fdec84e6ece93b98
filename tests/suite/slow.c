/* Preloaded: whatever is read or asked of one file, the one that SLOW_FILE names, takes half a second. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static void wait_for(int descriptor) {
  const char *slow = getenv("SLOW_FILE");
  char link[64], path[4096];
  if (!slow || descriptor < 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  if (strcmp(path, slow) == 0) {
    struct timespec half = {0, 500000000};
    nanosleep(&half, NULL);
  }
}

ssize_t pread64(int descriptor, void *into, size_t count, off64_t at) {
  static ssize_t (*real)(int, void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pread64");
  wait_for(descriptor);
  return real(descriptor, into, count, at);
}

int statx(int folder, const char *restrict path, int flags, unsigned int mask, struct statx *restrict into) {
  static int (*real)(int, const char *, int, unsigned int, struct statx *);
  if (!real) real = dlsym(RTLD_NEXT, "statx");
  if (path && !*path) wait_for(folder);
  return real(folder, path, flags, mask, into);
}
