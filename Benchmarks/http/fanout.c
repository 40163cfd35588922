// fanout PORT PATH PUBLISH_PORT PUBLISH_REQUEST_FILE SUBSCRIBERS ROUNDS PIDS SIGN
//
// Opens SUBSCRIBERS event streams, then ROUNDS times sends the request in the file and measures how long it takes until the
// last subscriber has received bytes with SIGN in them: heartbeats have none. PIDS are the server's processes, with commas
// between; the memory of a stream is what all of them grew by. Wherever the request says 999999000000 the last six digits become the round's number, so that each round is a new intent. Prints one JSON line. Loopback only, bounded
// in count and time.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static long residentKilobytes(const char *pids) {
  char path[64], line[256];
  long found = 0;
  for (const char *pid = pids; pid; pid = strchr(pid, ',') ? strchr(pid, ',') + 1 : NULL) {
    snprintf(path, sizeof path, "/proc/%d/status", atoi(pid));
    FILE *file = fopen(path, "r");
    if (!file) continue;
    while (fgets(line, sizeof line, file))
      if (!strncmp(line, "VmRSS:", 6)) found += atol(line + 6);
    fclose(file);
  }
  return found;
}

static int loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address)) {
    perror("connect");
    exit(1);
  }
  return s;
}

// Reads what waits on a socket: whether the sign was in it; -1 when the other side has closed it.
static int drain(int s, const char *sign) {
  char buffer[16384];
  int found = 0;
  for (;;) {
    ssize_t n = recv(s, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) return n == 0 ? -1 : found;
    if (memmem(buffer, (size_t)n, sign, strlen(sign))) found = 1;
  }
}

int main(int count, char **words) {
  if (count != 9) {
    fprintf(stderr, "usage: fanout PORT PATH PUBLISH_PORT REQUEST_FILE SUBSCRIBERS ROUNDS PIDS SIGN\n");
    return 2;
  }
  int port = atoi(words[1]), publishPort = atoi(words[3]), subscribers = atoi(words[5]), rounds = atoi(words[6]);
  const char *pids = words[7], *sign = words[8];
  if (subscribers < 1 || subscribers > 20000 || rounds < 1 || rounds > 200) return 2;
  char request[8192];
  FILE *file = fopen(words[4], "r");
  if (!file) return 2;
  size_t length = fread(request, 1, sizeof request - 1, file);
  fclose(file);
  request[length] = 0;

  long before = residentKilobytes(pids);
  int poll = epoll_create1(0);
  int *sockets = malloc(sizeof(int) * (size_t)subscribers);
  for (int i = 0; i < subscribers; i++) {
    sockets[i] = loopback(port);
    char head[512];
    int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", words[2], port);
    if (write(sockets[i], head, (size_t)n) != n) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
    epoll_ctl(poll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  struct epoll_event ready[512];
  char *open = calloc((size_t)subscribers, 1);
  int opened = 0;
  double limit = seconds() + 60, began = seconds();
  while ((opened < subscribers || seconds() < began + 3) && seconds() < limit) { // until all have answered, and 3 s at least
    int n = epoll_wait(poll, ready, 512, 200);
    for (int i = 0; i < n; i++) {
      unsigned who = ready[i].data.u32;
      drain(sockets[who], sign);
      if (!open[who]) {
        open[who] = 1;
        if (++opened == subscribers) began = seconds();
      }
    }
  }
  double each = (double)(residentKilobytes(pids) - before) / subscribers;

  double *last = malloc(sizeof(double) * (size_t)rounds);
  char *has = malloc((size_t)subscribers);
  int publisher = loopback(publishPort), done = 0;
  for (int round = 0; round < rounds; round++) {
    char number[16];
    snprintf(number, sizeof number, "%06d", round);
    for (char *at = request; (at = strstr(at, "999999")) != NULL; at += 12) memcpy(at + 6, number, 6);
    memset(has, 0, (size_t)subscribers);
    int got = 0;
    began = seconds();
    if (write(publisher, request, length) != (ssize_t)length) return 1;
    while (got < subscribers && seconds() < began + 10) {
      int n = epoll_wait(poll, ready, 512, 100);
      for (int i = 0; i < n; i++) {
        unsigned who = ready[i].data.u32;
        int said = drain(sockets[who], sign);
        if (said < 0) epoll_ctl(poll, EPOLL_CTL_DEL, sockets[who], NULL);
        else if (said && !has[who]) has[who] = 1, got++;
      }
    }
    if (got == subscribers) last[done++] = (seconds() - began) * 1e3;
    double pause = seconds() + 0.15; // let the publisher's answer and stragglers come
    while (seconds() < pause) {
      int n = epoll_wait(poll, ready, 512, 20);
      for (int i = 0; i < n; i++) drain(sockets[ready[i].data.u32], sign);
    }
    drain(publisher, sign);
  }
  qsort(last, (size_t)done, sizeof(double), ascending);
  printf("{\"subscribers\":%d,\"rounds\":%d,\"lastMedianMs\":%.2f,\"lastMinMs\":%.2f,\"lastMaxMs\":%.2f,\"kilobytesEach\":%.1f}\n", subscribers, done,
         done ? last[done / 2] : -1, done ? last[0] : -1, done ? last[done - 1] : -1, each);
  return done == rounds ? 0 : 1;
}
