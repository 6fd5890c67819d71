// Load generator: many connections on one thread, each checking its own echo.
//
//   load --port P [--host 127.0.0.1] [--connections 64] [--size 64]
//        [--seconds 2 | --ops N] [--stream] [--in-flight 4] [--wait]
//
// Default mode: each connection sends one message of --size bytes, waits until
// all of it has come back, compares it, and only then sends the next one.
// With --stream each connection keeps --in-flight chunks of --size bytes on
// their way (use --size 65536); a chunk is checked by the number stamped on its
// first and last eight bytes, so that checking costs next to nothing.
//
// It prints one line of JSON: {"ops","seconds","bytes"}; `bytes` counts one
// direction. Exit code 1 means that an echo was wrong or a connection failed.
//
// With --wait it prints `ready` when every connection has had its first echo,
// starts at the next line of its input, prints its JSON and `done`, and closes
// its connections after another line: whoever reads the server's CPU time at
// these two moments sees neither the accepting nor the closing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct conn {
  int fd;
  uint8_t *out, *in;
  size_t sent, received; // within the current outgoing / incoming chunk
  int begun;             // the outgoing chunk is stamped and counted
  uint64_t next_out, next_in; // the numbers of those chunks
};

static size_t size = 64;
static uint64_t in_flight = 1;
static uint64_t ops, bytes;
static uint64_t unfinished; // chunks begun whose echo is not complete
static int stopping;        // no new chunk is begun

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void stamp(struct conn *c) {
  uint64_t mark = c->next_out * 0x9e3779b97f4a7c15u + (uint64_t)c->fd;
  memcpy(c->out, &mark, size < 8 ? size : 8);
  if (size >= 16) memcpy(c->out + size - 8, &mark, 8);
}

static void check(struct conn *c) {
  uint64_t mark = c->next_in * 0x9e3779b97f4a7c15u + (uint64_t)c->fd;
  int same = memcmp(c->in, &mark, size < 8 ? size : 8) == 0 &&
             (size < 16 || memcmp(c->in + size - 8, &mark, 8) == 0);
  // One message at a time: what was sent is still in `out`, so all of it is
  // compared. In a stream the stamps alone show loss, repeats and reordering.
  if (same && in_flight == 1) same = memcmp(c->in, c->out, size) == 0;
  if (!same) {
    fprintf(stderr, "load: wrong echo on fd %d, chunk %llu\n", c->fd,
            (unsigned long long)c->next_in);
    exit(1);
  }
}

static void send_more(struct conn *c) {
  while (c->next_out - c->next_in < in_flight) {
    if (!c->begun) {
      if (stopping) return;
      stamp(c);
      c->begun = 1;
      unfinished++;
    }
    ssize_t n = send(c->fd, c->out + c->sent, size - c->sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN) return;
      fail("send");
    }
    c->sent += n;
    if (c->sent < size) return; // the socket is full: EPOLLOUT comes
    c->sent = 0;
    c->begun = 0;
    c->next_out++;
  }
}

static void receive(struct conn *c) {
  for (;;) {
    size_t want = size - c->received;
    ssize_t n = recv(c->fd, c->in + c->received, want, 0);
    if (n == 0) {
      fprintf(stderr, "load: the server closed a connection\n");
      exit(1);
    }
    if (n < 0) {
      if (errno == EAGAIN) return;
      fail("recv");
    }
    bytes += n;
    c->received += n;
    if (c->received == size) {
      check(c);
      ops++;
      unfinished--;
      c->received = 0;
      c->next_in++;
    }
    // A short read has emptied the socket. So has a whole message when nothing
    // else is on its way.
    if ((size_t)n < want || (c->next_in == c->next_out && !c->begun)) return;
  }
}

static void open_conn(struct conn *c, const struct sockaddr_in *to, int poll) {
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) fail("socket");
  if (connect(c->fd, (const struct sockaddr *)to, sizeof *to)) fail("connect");
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->fd, F_SETFL, O_NONBLOCK); // only now: connecting may block
  c->out = malloc(size);
  c->in = malloc(size);
  for (size_t i = 0; i < size; i++) c->out[i] = (uint8_t)(i * 31 + c->fd);
  struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                           .data.ptr = c};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &ev)) fail("epoll_ctl");
}

// Runs until `max_ops` echoes or, if that is 0, for `seconds`; then waits for
// the echoes that are still on their way. Returns the seconds it took.
static double run(struct conn *conns, int count, int poll, double seconds,
                  uint64_t max_ops) {
  ops = bytes = 0;
  stopping = 0;
  double start = now(), time = start;
  for (int i = 0; i < count; i++) send_more(&conns[i]);
  struct epoll_event events[512];
  int silent = 0; // seconds without an event
  while (unfinished > 0) {
    stopping = max_ops ? ops + unfinished >= max_ops : time >= start + seconds;
    int n = epoll_wait(poll, events, 512, 1000);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    silent = n == 0 ? silent + 1 : 0;
    if (silent == 10) {
      fprintf(stderr, "load: no answer for ten seconds\n");
      exit(1);
    }
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      // Sending makes room for what was waited for, and reading lets the next
      // message go, so both are tried whatever the event said.
      receive(c);
      send_more(c);
    }
    time = now();
  }
  return time - start;
}

// Tells the one who measures that a moment has come, and waits for a line.
static void pause_for(const char *word) {
  char line[16];
  printf("%s\n", word);
  fflush(stdout);
  if (!fgets(line, sizeof line, stdin)) exit(1);
}

int main(int argc, char **argv) {
  const char *host = "127.0.0.1";
  int port = 0, count = 64, stream = 0, wait = 0;
  uint64_t max_ops = 0, window = 4;
  double seconds = 2;
  static const struct option options[] = {
      {"host", 1, 0, 'h'},   {"port", 1, 0, 'p'},      {"connections", 1, 0, 'c'},
      {"size", 1, 0, 's'},   {"ops", 1, 0, 'o'},       {"seconds", 1, 0, 'd'},
      {"stream", 0, 0, 'S'}, {"in-flight", 1, 0, 'f'}, {"wait", 0, 0, 'w'},
      {0, 0, 0, 0}};
  for (int o; (o = getopt_long(argc, argv, "", options, 0)) != -1;) {
    switch (o) {
    case 'h': host = optarg; break;
    case 'p': port = atoi(optarg); break;
    case 'c': count = atoi(optarg); break;
    case 's': size = (size_t)atol(optarg); break;
    case 'o': max_ops = strtoull(optarg, 0, 10); break;
    case 'd': seconds = atof(optarg); break;
    case 'S': stream = 1; break;
    case 'f': window = strtoull(optarg, 0, 10); break;
    case 'w': wait = 1; break;
    default: return 2;
    }
  }
  if (stream) in_flight = window;
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || port <= 0 || count <= 0 ||
      size == 0 || in_flight == 0) {
    fprintf(stderr, "load: needs --port, and counts above 0\n");
    return 2;
  }
  int poll = epoll_create1(0);
  struct conn *conns = calloc((size_t)count, sizeof *conns);
  for (int i = 0; i < count; i++) open_conn(&conns[i], &to, poll);

  // One echo each, so that no accepting is left for the time that is measured.
  run(conns, count, poll, 0, 0);
  if (wait) pause_for("ready");
  double took = run(conns, count, poll, seconds, max_ops);
  printf("{\"ops\":%llu,\"seconds\":%.6f,\"bytes\":%llu}\n",
         (unsigned long long)ops, took, (unsigned long long)bytes);
  if (wait) pause_for("done");
  return 0;
}
