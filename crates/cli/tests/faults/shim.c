/* Makes one call of the C library fail, as a disk or a full volume would. Loaded with LD_PRELOAD, Linux only.
 *
 *   MTB_FAULT_OP     which calls count: open, read, write, fsync, rename (also link), unlink, truncate, mkdir,
 *                    readdir (also opendir), stat (statx by a path)
 *   MTB_FAULT_UNDER  only those on a path that begins so (absolute, links resolved); without it none count
 *   MTB_FAULT_AT     the number of the call that fails, from 1; without it calls are only counted
 *   MTB_FAULT_ERRNO  the number of the error, EIO without it
 *   MTB_FAULT_LASTS  set: every later call fails as well, not only that one
 *   MTB_FAULT_COUNT  a file that gets one byte for each call that counts: its size is their number. With it
 *                    the call is counted over all processes that inherit the variables, else in each
 *   MTB_FAULT_LOG    a file that gets a line "OP PATH" for each call that was made to fail
 *
 * Only calls through the C library are seen: not what stdio does behind fopen, not memory maps, and not
 * rustix, which makes its own system calls (tempfile's `persist` renames with it; std::fs is seen).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *op, *under, *log_file;
static long fail_at, calls;
static int fail_errno = EIO, lasts, count_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The library's own function behind a wrapper of the same name. */
#define NEXT(type, name) \
    static __typeof__(type) *next; \
    if (!next) \
        next = (__typeof__(type) *)dlsym(RTLD_NEXT, name)

/* Opens without the wrappers below. */
static int raw_append(const char *file)
{
    return (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((constructor)) static void begin(void)
{
    const char *value = getenv("MTB_FAULT_ERRNO");
    op = getenv("MTB_FAULT_OP");
    under = getenv("MTB_FAULT_UNDER");
    log_file = getenv("MTB_FAULT_LOG");
    lasts = getenv("MTB_FAULT_LASTS") != NULL;
    if (value)
        fail_errno = atoi(value);
    value = getenv("MTB_FAULT_AT");
    if (value)
        fail_at = atol(value);
    value = getenv("MTB_FAULT_COUNT");
    if (value)
        count_fd = raw_append(value);
}

/* Whether a call that counts is the one to fail. */
static int strikes(const char *name, const char *path)
{
    long number;
    int fails;
    pthread_mutex_lock(&lock);
    number = ++calls;
    if (count_fd >= 0) {
        /* The position behind one's own byte is its number, whoever else appends. */
        if (syscall(SYS_write, count_fd, ".", 1) == 1)
            number = (long)syscall(SYS_lseek, count_fd, 0, SEEK_CUR);
    }
    fails = fail_at > 0 && (number == fail_at || (lasts && number > fail_at));
    pthread_mutex_unlock(&lock);
    if (fails && log_file) {
        char line[PATH_MAX + 32];
        int length = snprintf(line, sizeof line, "%s %s\n", name, path);
        int fd = raw_append(log_file);
        if (fd >= 0) {
            (void)!syscall(SYS_write, fd, line, (size_t)length);
            syscall(SYS_close, fd);
        }
    }
    if (fails)
        errno = fail_errno;
    return fails;
}

static int concerns(const char *name)
{
    return op && under && strcmp(op, name) == 0;
}

static int fd_fails(const char *name, int fd)
{
    char link[40], path[PATH_MAX];
    ssize_t length;
    int before = errno;
    if (!concerns(name))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length <= 0)
        return 0;
    path[length] = 0;
    return strncmp(path, under, strlen(under)) == 0 && strikes(name, path);
}

static int path_fails(const char *name, int folder, const char *path)
{
    char whole[2 * PATH_MAX], link[40];
    ssize_t length = 0;
    int before = errno;
    if (!concerns(name) || !path)
        return 0;
    if (path[0] != '/') {
        if (folder == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        length = readlink(link, whole, PATH_MAX);
        if (length < 0)
            length = 0;
        whole[length++] = '/';
        if (strncmp(path, "./", 2) == 0)
            path += 2;
    }
    errno = before;
    snprintf(whole + length, sizeof whole - (size_t)length, "%s", path);
    return strncmp(whole, under, strlen(under)) == 0 && strikes(name, whole);
}

#define MODE(flags, mode) \
    mode_t mode = 0; \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        NEXT(int(const char *, int, ...), #name); \
        MODE(flags, mode) \
        return path_fails("open", AT_FDCWD, path) ? -1 : next(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) \
    { \
        NEXT(int(int, const char *, int, ...), #name); \
        MODE(flags, mode) \
        return path_fails("open", folder, path) ? -1 : next(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

/* What _FORTIFY_SOURCE makes of open without a mode. */
#define OPEN_2(name) \
    int name(const char *path, int flags) \
    { \
        NEXT(int(const char *, int), #name); \
        return path_fails("open", AT_FDCWD, path) ? -1 : next(path, flags); \
    }
OPEN_2(__open_2)
OPEN_2(__open64_2)

#define OPENAT_2(name) \
    int name(int folder, const char *path, int flags) \
    { \
        NEXT(int(int, const char *, int), #name); \
        return path_fails("open", folder, path) ? -1 : next(folder, path, flags); \
    }
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)

#define CREAT(name) \
    int name(const char *path, mode_t mode) \
    { \
        NEXT(int(const char *, mode_t), #name); \
        return path_fails("open", AT_FDCWD, path) ? -1 : next(path, mode); \
    }
CREAT(creat)
CREAT(creat64)

#define FOPEN(name) \
    FILE *name(const char *path, const char *mode) \
    { \
        NEXT(FILE *(const char *, const char *), #name); \
        return path_fails("open", AT_FDCWD, path) ? NULL : next(path, mode); \
    }
FOPEN(fopen)
FOPEN(fopen64)

int statx(int folder, const char *path, int flags, unsigned int mask, struct statx *found)
{
    NEXT(int(int, const char *, int, unsigned int, struct statx *), "statx");
    /* Who asks whether the call is there gives no path. */
    const char *volatile named = path;
    return named && *named && path_fails("stat", folder, named) ? -1 : next(folder, path, flags, mask, found);
}

DIR *opendir(const char *path)
{
    NEXT(DIR *(const char *), "opendir");
    return path_fails("readdir", AT_FDCWD, path) ? NULL : next(path);
}

#define READDIR(name, entry) \
    struct entry *name(DIR *folder) \
    { \
        NEXT(struct entry *(DIR *), #name); \
        return fd_fails("readdir", dirfd(folder)) ? NULL : next(folder); \
    }
READDIR(readdir, dirent)
READDIR(readdir64, dirent64)

ssize_t read(int fd, void *buffer, size_t size)
{
    NEXT(ssize_t(int, void *, size_t), "read");
    return fd_fails("read", fd) ? -1 : next(fd, buffer, size);
}

ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    NEXT(ssize_t(int, void *, size_t, size_t), "__read_chk");
    return fd_fails("read", fd) ? -1 : next(fd, buffer, size, room);
}

#define PREAD(name) \
    ssize_t name(int fd, void *buffer, size_t size, off64_t at) \
    { \
        NEXT(ssize_t(int, void *, size_t, off64_t), #name); \
        return fd_fails("read", fd) ? -1 : next(fd, buffer, size, at); \
    }
PREAD(pread)
PREAD(pread64)

ssize_t readv(int fd, const struct iovec *parts, int count)
{
    NEXT(ssize_t(int, const struct iovec *, int), "readv");
    return fd_fails("read", fd) ? -1 : next(fd, parts, count);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
    NEXT(ssize_t(int, const void *, size_t), "write");
    return fd_fails("write", fd) ? -1 : next(fd, buffer, size);
}

#define PWRITE(name) \
    ssize_t name(int fd, const void *buffer, size_t size, off64_t at) \
    { \
        NEXT(ssize_t(int, const void *, size_t, off64_t), #name); \
        return fd_fails("write", fd) ? -1 : next(fd, buffer, size, at); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(ssize_t(int, const struct iovec *, int), "writev");
    return fd_fails("write", fd) ? -1 : next(fd, parts, count);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    NEXT(ssize_t(int, off64_t *, int, off64_t *, size_t, unsigned), "copy_file_range");
    if (fd_fails("read", from) || fd_fails("write", to))
        return -1;
    return next(from, from_at, to, to_at, size, flags);
}

#define SENDFILE(name) \
    ssize_t name(int to, int from, off64_t *at, size_t size) \
    { \
        NEXT(ssize_t(int, int, off64_t *, size_t), #name); \
        return fd_fails("read", from) || fd_fails("write", to) ? -1 : next(to, from, at, size); \
    }
SENDFILE(sendfile)
SENDFILE(sendfile64)

#define OF_FD(name, kind) \
    int name(int fd) \
    { \
        NEXT(int(int), #name); \
        return fd_fails(kind, fd) ? -1 : next(fd); \
    }
OF_FD(fsync, "fsync")
OF_FD(fdatasync, "fsync")

#define TRUNCATE(name) \
    int name(int fd, off64_t size) \
    { \
        NEXT(int(int, off64_t), #name); \
        return fd_fails("truncate", fd) ? -1 : next(fd, size); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

/* A rename counts once, by either of its paths. */
static int move_fails(int from_folder, const char *from, int to_folder, const char *to)
{
    char link[40], whole[2 * PATH_MAX];
    ssize_t length = 0;
    if (!concerns("rename") || !from || !to)
        return 0;
    if (to[0] != '/') {
        if (to_folder == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", to_folder);
        length = readlink(link, whole, PATH_MAX);
        if (length < 0)
            length = 0;
        whole[length++] = '/';
    }
    snprintf(whole + length, sizeof whole - (size_t)length, "%s", to);
    if (strncmp(whole, under, strlen(under)) == 0)
        return strikes("rename", whole);
    return path_fails("rename", from_folder, from);
}

#define MOVE(name) \
    int name(const char *from, const char *to) \
    { \
        NEXT(int(const char *, const char *), #name); \
        return move_fails(AT_FDCWD, from, AT_FDCWD, to) ? -1 : next(from, to); \
    }
MOVE(rename)
MOVE(link)

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    NEXT(int(int, const char *, int, const char *), "renameat");
    return move_fails(from_folder, from, to_folder, to) ? -1 : next(from_folder, from, to_folder, to);
}

#define MOVEAT(name, type) \
    int name(int from_folder, const char *from, int to_folder, const char *to, type flags) \
    { \
        NEXT(int(int, const char *, int, const char *, type), #name); \
        return move_fails(from_folder, from, to_folder, to) \
            ? -1 : next(from_folder, from, to_folder, to, flags); \
    }
MOVEAT(renameat2, unsigned)
MOVEAT(linkat, int)

#define OF_PATH(name, kind) \
    int name(const char *path) \
    { \
        NEXT(int(const char *), #name); \
        return path_fails(kind, AT_FDCWD, path) ? -1 : next(path); \
    }
OF_PATH(unlink, "unlink")
OF_PATH(rmdir, "unlink")

int unlinkat(int folder, const char *path, int flags)
{
    NEXT(int(int, const char *, int), "unlinkat");
    return path_fails("unlink", folder, path) ? -1 : next(folder, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(int(const char *, mode_t), "mkdir");
    return path_fails("mkdir", AT_FDCWD, path) ? -1 : next(path, mode);
}
