# Does milter/libmilter/read_ahead.cpp fit this libmilter? It takes octets from the socket before libmilter asks for them, and
# so every call by which libmilter waits for a connection or reads from it must come here first. Such a call by
# another name would wait for octets that are already taken, and no connection would ever get an answer. What serves
# the connections needs it, and that every connection is accepted and every answer written by a name that is known.

# What is linked in, and the calls that come to it, each by --wrap=NAME.
set(read_ahead_sources
  libmilter/listener.cpp libmilter/read_ahead.cpp libmilter/served_connection.cpp libmilter/worker_pool.cpp)
set(read_ahead_wraps poll read close writev accept __poll_chk __read_chk)

# What else a libmilter is known to call: nothing here waits for a connection's octets or takes them. A name that is
# missing here costs speed; one that is here and should not be costs mail.
set(harmless_imports
  _GLOBAL_OFFSET_TABLE_ _DYNAMIC in6addr_any environ
  # Connections, their listener and their threads.
  bind listen socket setsockopt getsockopt getpeername getsockname shutdown pipe pipe2 fcntl fcntl64
  __fcntl_time64 write
  pthread_cond_broadcast pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_timedwait
  pthread_cond_wait __pthread_cond_timedwait64 pthread_attr_init pthread_attr_destroy pthread_attr_setdetachstate
  pthread_attr_setstacksize pthread_create pthread_detach pthread_equal pthread_join pthread_mutex_destroy
  pthread_mutex_init pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_self pthread_sigmask
  sched_yield sigaction sigaddset sigdelset sigemptyset sigfillset signal sigprocmask sigwait
  # Files and names.
  chmod fstat fstat64 __fxstat __fxstat64 __fstat64_time64 lstat lstat64 stat stat64 __xstat __xstat64 __stat64_time64
  unlink umask geteuid getuid getegid getgid getpid
  freeaddrinfo gai_strerror getaddrinfo gethostbyname gethostbyname2 getipnodebyname freehostent getservbyname
  __h_errno_location hstrerror inet_addr inet_aton inet_ntoa inet_ntop inet_pton htonl htons ntohl ntohs
  # Memory and text.
  malloc calloc realloc reallocarray free memchr memcmp memcpy __memcpy_chk memmove __memmove_chk memset __memset_chk
  explicit_bzero strcasecmp strcat __strcat_chk strchr strcmp strcpy __strcpy_chk stpcpy strcspn strdup __strdup
  strerror strerror_r __xpg_strerror_r strlcat strlcpy __strlcat_chk __strlcpy_chk strlen strncasecmp strncat strncmp
  strncpy __strncpy_chk strndup strnlen strpbrk strrchr strspn strstr strtok_r atoi atol strtol strtoll strtoul
  strtoull __isoc23_strtol __isoc23_strtoll __isoc23_strtoul __isoc23_strtoull
  __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc isalnum isalpha isascii isdigit isprint isspace tolower toupper
  snprintf __snprintf_chk vsnprintf __vsnprintf_chk sprintf __sprintf_chk printf __printf_chk fprintf __fprintf_chk
  puts putchar fputs fwrite stderr stdout syslog __syslog_chk vsyslog __vsyslog_chk openlog closelog
  # Time, errors and the end.
  gettimeofday __gettimeofday64 time __time64 clock_gettime __clock_gettime64 sleep usleep nanosleep
  __errno_location __assert_fail __stack_chk_fail __stack_chk_guard __fortify_fail abort exit _exit atexit
  __cxa_atexit __cxa_finalize)

# What the archive's members call that none of them defines.
function(archive_imports archive imports)
  execute_process(COMMAND ${CMAKE_NM} -P ${archive} OUTPUT_VARIABLE symbols ERROR_QUIET)
  # One a line, "NAME TYPE ...": U and w are wanted, capital letters are there.
  string(REGEX MATCHALL "[^\n ]+ [Uwv]( |\n|$)" wanted "${symbols}")
  string(REGEX MATCHALL "[^\n ]+ [A-TV-Z]( |\n|$)" defined "${symbols}")
  list(TRANSFORM wanted REPLACE " .*" "")
  list(TRANSFORM defined REPLACE " .*" "")
  list(REMOVE_DUPLICATES wanted)
  if(defined)
    list(REMOVE_ITEM wanted ${defined})
  endif()
  set(${imports} "${wanted}" PARENT_SCOPE)
endfunction()

# Sets hindrance to why read_ahead.cpp is to be left out, as half a sentence; to nothing where it fits.
function(read_ahead_hindrance library hindrance)
  set(${hindrance} "" PARENT_SCOPE)
  file(READ ${library} magic LIMIT 8 HEX)
  if(NOT magic MATCHES "^213c(617263683e|7468696e3e)0a$")  # !<arch> or !<thin>
    set(${hindrance} "libmilter is a shared library" PARENT_SCOPE)
    return()
  endif()
  archive_imports(${library} imports)
  set(reads ${imports})
  list(FILTER reads INCLUDE REGEX "^(read|__read_chk)$")
  set(waits ${imports})
  list(FILTER waits INCLUDE REGEX "^(poll|__poll_chk)$")
  if(NOT reads OR NOT waits)
    # One that uses select(2), objects that only the linker can read, or no nm.
    set(${hindrance} "libmilter.a is not seen to call poll and read" PARENT_SCOPE)
    return()
  endif()
  list(REMOVE_ITEM imports ${read_ahead_wraps} ${harmless_imports})
  if(imports)
    list(SORT imports)
    string(REPLACE ";" ", " imports "${imports}")
    set(${hindrance} "libmilter.a calls what is not known here: ${imports}" PARENT_SCOPE)
  endif()
endfunction()
