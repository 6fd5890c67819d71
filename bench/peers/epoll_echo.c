// Single-threaded echo server on epoll: what the kernel's TCP costs when nearly
// nothing is put on top of it. Edge-triggered, TCP_NODELAY, no timeouts.
//
//   epoll_echo [--port 0]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024 };

struct conn {
  int fd, eof;
  uint32_t start, end; // the part of `buf` that is not written back yet
  uint8_t buf[BUFFER];
};

static int listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((uint16_t)port),
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 4096) ||
      getsockname(fd, (struct sockaddr *)&a, &len)) {
    perror("epoll_echo");
    exit(1);
  }
  printf("listening on 127.0.0.1:%d\n", ntohs(a.sin_port));
  fflush(stdout);
  return fd;
}

// Returns 0 when the connection is over.
static int echo(struct conn *c, uint32_t events) {
  for (;;) {
    while (c->start < c->end) {
      ssize_t n =
          send(c->fd, c->buf + c->start, c->end - c->start, MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN;
      c->start += (uint32_t)n;
    }
    if (c->eof) return 0;
    ssize_t n = recv(c->fd, c->buf, BUFFER, 0);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return 0;
    c->start = 0;
    c->end = (uint32_t)n;
    // A short read has emptied the socket: no second call to hear EAGAIN,
    // unless the end of the stream came with the same edge.
    if (n < BUFFER && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
      n = send(c->fd, c->buf, c->end, MSG_NOSIGNAL);
      if (n == (ssize_t)c->end) {
        c->start = c->end;
        return 1;
      }
      if (n < 0) return errno == EAGAIN;
      c->start = (uint32_t)n;
    }
  }
}

int main(int argc, char **argv) {
  int port = argc > 2 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 0;
  int server = listener(port), poll = epoll_create1(EPOLL_CLOEXEC), one = 1;
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(poll, EPOLL_CTL_ADD, server, &ev);
  struct epoll_event events[512];
  for (;;) {
    int n = epoll_wait(poll, events, 512, -1);
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      if (c) {
        if (!echo(c, events[i].events)) {
          close(c->fd);
          free(c);
        }
        continue;
      }
      int fd;
      while ((fd = accept4(server, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c = malloc(sizeof *c);
        c->fd = fd;
        c->eof = 0;
        c->start = c->end = 0;
        ev = (struct epoll_event){
            .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
            .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &ev);
      }
    }
  }
}
