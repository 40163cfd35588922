// A disk that fails when a test says so: preloaded into `trueline serve`, in front of the C library's calls that SQLite makes.
//
// TRUELINE_DISK names a file. While it holds the word
//   sync   every fdatasync and fsync of a database file fails with EIO, and what was appended to a write-ahead log since its last
//          good sync is cut off: the kernel may drop pages that it could not write, so nobody can rely on them;
//   full   every write to a database file fails with ENOSPC.
// Other files, and everything while the file is empty or absent, pass through.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { descriptors = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/// The size of each write-ahead log at its last good sync.
static off_t synced[descriptors];

/// Whether the switch holds the word.
static int is_switched_to(const char *word) {
    const char *path = getenv("TRUELINE_DISK");
    if (!path) return 0;
    int saved = errno;
    char text[16] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
        close(file);
    }
    errno = saved;
    return strncmp(text, word, strlen(word)) == 0;
}

static int ends_with(int descriptor, const char *end) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t tail = strlen(end);
    return length >= (ssize_t)tail && memcmp(path + length - tail, end, tail) == 0;
}

static int is_log(int descriptor) { return ends_with(descriptor, ".sqlite-wal"); }
static int is_database(int descriptor) { return ends_with(descriptor, ".sqlite") || is_log(descriptor); }

static int synced_or_failed(int descriptor, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!is_database(descriptor)) return real(descriptor);
    pthread_mutex_lock(&lock);
    int result;
    int tracked = descriptor < descriptors && is_log(descriptor);
    struct stat status;
    if (is_switched_to("sync")) {
        if (tracked && fstat(descriptor, &status) == 0 && status.st_size > synced[descriptor]) {
            if (ftruncate(descriptor, synced[descriptor]) != 0) abort();
        }
        errno = EIO;
        result = -1;
    } else {
        result = real(descriptor);
        if (result == 0 && tracked && fstat(descriptor, &status) == 0) synced[descriptor] = status.st_size;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int descriptor) { return synced_or_failed(descriptor, "fdatasync"); }
int fsync(int descriptor) { return synced_or_failed(descriptor, "fsync"); }

static ssize_t written_or_full(int descriptor, const void *bytes, size_t count, off64_t offset, const char *name) {
    if (is_switched_to("full") && is_database(descriptor)) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t (*real)(int, const void *, size_t, off64_t) = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, name);
    return real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    return written_or_full(descriptor, bytes, count, offset, "pwrite64");
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return written_or_full(descriptor, bytes, count, offset, "pwrite");
}
