/* Preloaded into a server, this makes its disk and its clock misbehave while a file says so:
   $FAULT_FOLDER/fsync   every fsync fails (EIO)
   $FAULT_FOLDER/full    every write to a regular file fails (ENOSPC)
   $FAULT_FOLDER/grow    every write that would make a regular file longer fails (ENOSPC), as on a disk without room
   $FAULT_FOLDER/clock   holds the seconds by which the time of day is wrong; the clock that only counts goes on as it did
   and it notes how far each file had been written when it was last synced: a line "NAME BYTES" in $FAULT_FOLDER/synced.
   Where $FAULT_FOLDER/durable is a folder, it keeps there what each file held when its last sync began, under its inode's number:
   that much is on the disk for certain once the sync has returned. */
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
#include <sys/uio.h>
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

static void durable(char *path, size_t size, ino_t inode, int draft) {
  snprintf(path, size, draft ? "%s/durable/%llu.%d" : "%s/durable/%llu", getenv("FAULT_FOLDER"), (unsigned long long)inode, (int)getpid());
}

/* Copies what a file holds beside the copy of its last sync; answers whether it did. */
static int copied(int fd, ino_t *inode) {
  char link[64], path[4096], chunk[65536];
  struct stat found;
  ssize_t length;
  int from, to;
  if (!asked("durable") || !regular(fd) || fstat(fd, &found) != 0) return 0;
  *inode = found.st_ino;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  from = open(link, O_RDONLY | O_CLOEXEC);
  if (from < 0) return 0;
  durable(path, sizeof path, *inode, 1);
  to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  while (to >= 0 && (length = read(from, chunk, sizeof chunk)) > 0) syscall(SYS_write, to, chunk, length);
  close(from);
  if (to >= 0) close(to);
  return to >= 0;
}

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char draft[4096], kept[4096];
  ino_t inode = 0;
  int result, has_copy;
  if (asked("fsync")) { errno = EIO; return -1; }
  has_copy = copied(fd, &inode);
  result = real(fd);
  if (has_copy) {
    durable(draft, sizeof draft, inode, 1);
    durable(kept, sizeof kept, inode, 0);
    if (result == 0) syscall(SYS_rename, draft, kept);
  }
  if (result == 0) note(fd);
  return result;
}

/* A number of an inode that another file may get next names nothing that is durable any more. */
static void forget(const char *path) {
  struct stat found;
  char kept[4096];
  if (!asked("durable") || lstat(path, &found) != 0 || !S_ISREG(found.st_mode) || found.st_nlink > 1) return;
  durable(kept, sizeof kept, found.st_ino, 0);
  syscall(SYS_unlink, kept);
}

int unlink(const char *path) {
  forget(path);
  return (int)syscall(SYS_unlink, path);
}

int rename(const char *from, const char *to) {
  forget(to);
  return (int)syscall(SYS_rename, from, to);
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

static int refused(int fd, off_t end) {
  struct stat found;
  if (asked("full") && regular(fd)) { errno = ENOSPC; return 1; }
  if (asked("grow") && regular(fd) && fstat(fd, &found) == 0 && end > found.st_size) { errno = ENOSPC; return 1; }
  return 0;
}

static off_t here(int fd, size_t count) {
  struct stat found;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &found) == 0 ? found.st_size + (off_t)count : 0;
  return lseek(fd, 0, SEEK_CUR) + (off_t)count;
}

static size_t together(const struct iovec *parts, int number) {
  size_t count = 0;
  while (number-- > 0) count += parts[number].iov_len;
  return count;
}

#define REAL(result, name, ...) ((result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *data, size_t count) {
  if (refused(fd, here(fd, count))) return -1;
  return REAL(ssize_t, "write", int, const void *, size_t)(fd, data, count);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
  if (refused(fd, at + (off_t)count)) return -1;
  return REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, data, count, at);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
  if (refused(fd, at + (off_t)count)) return -1;
  return REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, data, count, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t at) {
  if (refused(fd, at + (off_t)together(parts, number))) return -1;
  return REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t)(fd, parts, number, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int number, off64_t at) {
  if (refused(fd, at + (off_t)together(parts, number))) return -1;
  return REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t)(fd, parts, number, at);
}

int posix_fallocate(int fd, off_t at, off_t length) {
  if (refused(fd, at + length)) return ENOSPC;
  return REAL(int, "posix_fallocate", int, off_t, off_t)(fd, at, length);
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
