/* Preloaded into a server, this makes its disk misbehave while a file says so:
   $FAULT_FOLDER/fsync   every fsync fails (EIO)
   $FAULT_FOLDER/full    every write to a regular file fails (ENOSPC)
   and it notes how far each file had been written when it was last synced: a line "NAME BYTES" in $FAULT_FOLDER/synced. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int asked(const char *name) {
  const char *folder = getenv("FAULT_FOLDER");
  char path[4096];
  if (!folder) return 0;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

static int regular(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

static void note(int fd) {
  const char *folder = getenv("FAULT_FOLDER");
  char link[64], path[4096], line[4200];
  struct stat found;
  ssize_t length;
  int log;
  if (!folder || fstat(fd, &found) != 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  snprintf(line, sizeof line, "%s %lld\n", strrchr(path, '/') + 1, (long long)found.st_size);
  snprintf(path, sizeof path, "%s/synced", folder);
  log = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (log < 0) return;
  syscall(1, log, line, strlen(line));
  close(log);
}

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  int result;
  if (asked("fsync")) { errno = EIO; return -1; }
  result = real(fd);
  if (result == 0) note(fd);
  return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

#define FULL(fd) if (asked("full") && regular(fd)) { errno = ENOSPC; return -1; }

ssize_t write(int fd, const void *data, size_t count) {
  ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  FULL(fd)
  return real(fd, data, count);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
  ssize_t (*real)(int, const void *, size_t, off_t) = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  FULL(fd)
  return real(fd, data, count, at);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
  ssize_t (*real)(int, const void *, size_t, off64_t) = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  FULL(fd)
  return real(fd, data, count, at);
}
