/*
 * UDP sockets that hold as much as CW_RECEIVE_BUFFER says, in octets, for a program that leaves its sockets as they are.
 * Put before it by LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel is asked directly: the C library's function of this name is the one that is replaced. */
int socket(int domain, int type, int protocol) {
  int made = (int)syscall(SYS_socket, domain, type, protocol);
  if (made < 0 || (domain != AF_INET && domain != AF_INET6) || (type & 0xf) != SOCK_DGRAM) return made;
  const char *wanted = getenv("CW_RECEIVE_BUFFER");
  int octets = wanted == NULL ? 0 : atoi(wanted);
  if (setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0) abort();
  return made;
}
