/* Preloaded into a server, this makes its disk and its clock misbehave while a file says so:
   $FAULT_FOLDER/fsync   every fsync fails (EIO)
   $FAULT_FOLDER/full    every write to a regular file fails (ENOSPC)
   $FAULT_FOLDER/clock   holds the seconds by which the time of day is wrong; the clock that only counts goes on as it did
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
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
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
  syscall(SYS_write, log, line, strlen(line));
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

static long wrong_by(void) {
  const char *folder = getenv("FAULT_FOLDER");
  char path[4096], digits[32] = "";
  int file;
  if (!folder) return 0;
  snprintf(path, sizeof path, "%s/clock", folder);
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  if (read(file, digits, sizeof digits - 1) < 0) digits[0] = 0;
  close(file);
  return strtol(digits, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += wrong_by();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec found;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &found) != 0) return -1;
  now->tv_sec = found.tv_sec;
  now->tv_usec = found.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *kept) {
  struct timespec found;
  if (clock_gettime(CLOCK_REALTIME, &found) != 0) return -1;
  if (kept) *kept = found.tv_sec;
  return found.tv_sec;
}
