// SPDX-License-Identifier: Apache-2.0
//
// The shipping protocol: from ranges of log files over batches, pieces and pushes to the store's
// answer and the journal. README.md maps each step to its function and says what is left out.
//
// Two tenants with one log each; a log is rotated at most once; its lines are up to three ranges of
// two streams each. test_model.py runs this file with the -D values of its table.

// What may happen, and how often.
#ifndef RANGES_A
#define RANGES_A 3
#endif
#ifndef RANGES_B
#define RANGES_B 3
#endif
#ifndef FAULTS
#define FAULTS 1  // answers that are not what the store should say
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
// Also: -DPOISON (a piece of tenant 0 has lines that the store refuses), -DVANISH (a rotated file
// is deleted or truncated), -DLATE (an unanswered push arrives later), -DREFUSE_A (the store always
// refuses tenant 0; its neighbour must not notice).

// Limits: batches in memory, batches of refused tenants in memory, pushes in flight.
#define MEMORY 2
#define MEMORY_HELD 1
#define PUSHES 2

#define RANGES(t) ((t) == 0 -> RANGES_A : RANGES_B)
#define B(t, r) ((t) * 3 + (r))         // a batch
#define L(t, s) ((t) * 2 + (s))         // a stream
#define P(t, r, s) (B(t, r) * 2 + (s))  // a piece: what a batch has of a stream

// --- The files. They survive a crash.
byte lines_in[6];  // per range: 0 there is none, 1 in the first file of the log, 2 in the second
bit started;        // the files are there
bit gone[2];       // the first file has lost its content

// --- The journal. It survives a crash.
bit record[6];      // the batch is in flight
bit part[12];       // AckPart: this piece is settled, its batch is not acknowledged
byte checkpoint[4]; // per file: ranges below it are acknowledged

#define FILE(t, r) L(t, lines_in[B(t, r)] - 1)

// --- The sidecar's memory.
#define UNREAD 0
#define LOADED 1    // in memory, pieces in the queue
#define RETURNED 2  // known by its record only: must be made again from the file
#define FINISHED 3
byte batch[6];
bit settled[12];  // per piece
bit alone[4];     // per stream: its group size is 1
bit held[2];      // per tenant: it was refused and waits
bit server_held;
byte loaded;      // batches in memory
byte flying;      // pushes in flight

// A push carries one stream or both of its tenant. Its state is that of its first stream.
#define IDLE 0
#define JOINED 1  // in the push of stream 0
#define STORED 2
#define NO_WORD 3  // the connection broke, or the server had an error: stored or not
#define REFUSED_PART 4
#define REFUSED_TENANT 5
byte push[4];

// --- The store, and what an observer notes.
byte copies[12];   // how often the store has the piece
byte counted[12];  // how often the sidecar said that the piece may be doubled
bit answered[12];  // the piece was settled once
bit named_lost[12]; // the store refused lines of the piece, and the sidecar knows
bit lost[6];       // the range is counted as lost with its file
byte late[4];      // per stream: range + 1 of a push that may still arrive
byte faults = FAULTS;
byte crashes = CRASHES;
bit thin;           // the second range of tenant 0 has lines of the second stream only
byte poison = 255; // the piece with lines that the store refuses

#define QUEUED(t, r, s) (batch[B(t, r)] == LOADED && !settled[P(t, r, s)])
#define HAS(t, s) (QUEUED(t, 0, s) || QUEUED(t, 1, s) || QUEUED(t, 2, s))
#define HEAD(t, s) (QUEUED(t, 0, s) -> 0 : (QUEUED(t, 1, s) -> 1 : 2))
#define READY(t, s) (push[L(t, s)] == IDLE && HAS(t, s))
#define MAY_SEND(t) (!ACK_DUE && !held[t] && !server_held && flying < PUSHES)

#define COUNT(p) if :: counted[p] < 3 -> counted[p]++ :: else fi

// =================================================================== files

// A worker may read a range as late as it likes, so all ranges are written at the start.
inline write(t) {
  if :: first = 1 :: first = 2 :: first = 3 fi;  // ranges in the file that is rotated away
  skip;
  d_step {
    do
    :: r < RANGES(t) -> lines_in[B(t, r)] = (r < first -> 1 : 2); r++
    :: else -> break
    od;
    r = 0; first = 0
  }
}

#ifdef VANISH
proctype Vanish() {
  if
  :: d_step { lines_in[B(0, 0)] == 1 && !gone[0] -> gone[0] = 1 }
  :: true
  fi
}
#endif

// =================================================================== worker: files to batches

// The lowest range that is neither in memory nor finished: returned and replayed batches come
// before anything newer of the log, and the old file before the new one.
#define OUT(t, r) (batch[B(t, r)] == UNREAD || batch[B(t, r)] == RETURNED)
#ifdef BREAK_NEW_FILE_FIRST
#define NEXT(t) (OUT(t, 2) && lines_in[B(t, 2)] == 2 -> 2 : (OUT(t, 0) -> 0 : (OUT(t, 1) -> 1 : 2)))
#else
#define NEXT(t) (OUT(t, 0) -> 0 : (OUT(t, 1) -> 1 : 2))
#endif
#define READABLE(t) (OUT(t, NEXT(t)) && lines_in[B(t, NEXT(t))] > 0)
#define GONE(t, r) (lines_in[B(t, r)] == 1 && gone[t])

#define IN_MEMORY(t) ((batch[B(t, 0)] == LOADED) + (batch[B(t, 1)] == LOADED) + (batch[B(t, 2)] == LOADED))
#define IS_HELD(t) (held[t] || server_held)
#define HELD_BATCHES ((IS_HELD(0) -> IN_MEMORY(0) : 0) + (IS_HELD(1) -> IN_MEMORY(1) : 0))

#ifdef BREAK_REPLAY_WITHOUT_BUDGET
#define ROOM(t) (loaded < MEMORY || batch[B(t, NEXT(t))] == RETURNED)
#else
#define ROOM(t) (loaded < MEMORY)
#endif
#ifdef BREAK_NO_RETURN
#define MAY_READ(t) (READABLE(t) && ROOM(t))
#define MUST_RETURN(t) false
#else
#define MAY_READ(t) (READABLE(t) && ROOM(t) && (!IS_HELD(t) || HELD_BATCHES < MEMORY_HELD))
#define MUST_RETURN(t) (IS_HELD(t) && HELD_BATCHES > MEMORY_HELD)
#endif

inline read_or_lose(t) {
  d_step {
    r = NEXT(t);
    if
    :: GONE(t, r) ->
      batch[B(t, r)] = FINISHED; record[B(t, r)] = 0;
#ifndef BREAK_UNCOUNTED_LOSS
      lost[B(t, r)] = 1;
#endif
      part[P(t, r, 0)] = 0; part[P(t, r, 1)] = 0;
      checkpoint[FILE(t, r)] = r + 1
    :: else ->
      batch[B(t, r)] = LOADED;
      loaded++;
      assert(loaded <= MEMORY);  // (e)
#ifndef BREAK_NO_RECORD
      record[B(t, r)] = 1;
#endif
      settled[P(t, r, 0)] = (part[P(t, r, 0)] || (t == 0 && r == 1 && thin));
      settled[P(t, r, 1)] = part[P(t, r, 1)]
    fi;
    r = 0
  }
}

// Batches of one file are acknowledged in the order of the file.
#define SETTLED(t, r) (batch[B(t, r)] == LOADED && settled[P(t, r, 0)] && settled[P(t, r, 1)])
#define OTHER_FILE(t, r, q) (lines_in[B(t, r)] != lines_in[B(t, q)])
#define BEFORE(t, r, q) (batch[B(t, q)] == FINISHED || OTHER_FILE(t, r, q))
#ifdef BREAK_ACK_OUT_OF_ORDER
#define MAY_ACK(t, r) SETTLED(t, r)
#else
#define MAY_ACK(t, r) \
  (SETTLED(t, r) && ((r) == 0 || BEFORE(t, r, 0)) && ((r) < 2 || BEFORE(t, r, 1)))
#endif

inline ack(t, r) {
  d_step {
    assert(copies[P(t, r, 0)] > 0 && copies[P(t, r, 1)] > 0);  // (a)
    batch[B(t, r)] = FINISHED;
    loaded--;
    record[B(t, r)] = 0; part[P(t, r, 0)] = 0; part[P(t, r, 1)] = 0;
    settled[P(t, r, 0)] = 0; settled[P(t, r, 1)] = 0;
    checkpoint[FILE(t, r)] = r + 1
  }
}

// The worker acknowledges before it does anything else.
#define ACK_DUE \
  (MAY_ACK(0, 0) || MAY_ACK(0, 1) || MAY_ACK(0, 2) || MAY_ACK(1, 0) || MAY_ACK(1, 1) || MAY_ACK(1, 2))

// Returned are whole batches, the newest of a log first, and none that has a piece in flight.
#define NEWEST(t) (batch[B(t, 2)] == LOADED -> 2 : (batch[B(t, 1)] == LOADED -> 1 : 0))
#define OLDEST(t) (batch[B(t, 0)] == LOADED -> 0 : (batch[B(t, 1)] == LOADED -> 1 : 2))
#define IN_PUSH(t, r, s) (push[L(t, s)] != IDLE && HEAD(t, s) == (r))
#ifdef BREAK_RETURN_OLDEST
#define VICTIM(t) OLDEST(t)
#else
#define VICTIM(t) NEWEST(t)
#endif
#define MAY_RETURN(t) \
  (MUST_RETURN(t) && batch[B(t, VICTIM(t))] == LOADED && \
   !IN_PUSH(t, VICTIM(t), 0) && !IN_PUSH(t, VICTIM(t), 1))

inline give_back(t) {
  d_step {
    r = VICTIM(t);
    batch[B(t, r)] = RETURNED;
    loaded--;
    settled[P(t, r, 0)] = 0; settled[P(t, r, 1)] = 0;
    r = 0
  }
}

proctype Worker(byte t) {
  byte r = 0;
end:
  do
  :: atomic { !ACK_DUE && MAY_READ(t) -> read_or_lose(t) }
  :: atomic { MAY_ACK(t, 0) -> ack(t, 0) }
  :: atomic { MAY_ACK(t, 1) -> ack(t, 1) }
  :: atomic { MAY_ACK(t, 2) -> ack(t, 2) }
  :: atomic { !ACK_DUE && MAY_RETURN(t) -> give_back(t) }
  od
}

// =================================================================== queue: pieces to pushes

inline take(t, s) {
  r = HEAD(t, s);
  assert(!answered[P(t, r, s)]);  // (b): what was settled is not sent again
  assert(record[B(t, r)])         // (f): what is sent can be made again after a crash
}

inline settle(t, s) {
  r = HEAD(t, s);
  settled[P(t, r, s)] = 1;
  answered[P(t, r, s)] = 1;
#ifndef BREAK_NO_ACK_PART
  part[P(t, r, s)] = 1;
#endif
  alone[L(t, s)] = 0
}

inline maybe_doubled(t, s) {
  r = HEAD(t, s);
#ifndef BREAK_UNCOUNTED
  COUNT(P(t, r, s));
#endif
  alone[L(t, s)] = 1
}

// The answer to the push of which stream s is the first.
inline on_answer(t, s) {
  d_step {
    both = ((s) == 0 && push[L(t, 1)] == JOINED);
    if
    :: push[L(t, s)] == STORED ->
      held[t] = 0; server_held = 0;
      settle(t, s);
      if :: both -> settle(t, 1) :: else fi
    :: push[L(t, s)] == REFUSED_PART ->
#ifdef BREAK_NO_DIVISION
      named_lost[P(t, HEAD(t, s), s)] = 1;
      settle(t, s);
      if :: both -> settle(t, 1) :: else fi
#else
      if
      :: both -> maybe_doubled(t, s); maybe_doubled(t, 1)
      :: else -> named_lost[P(t, HEAD(t, s), s)] = 1; settle(t, s)
      fi
#endif
    :: push[L(t, s)] == NO_WORD ->
      maybe_doubled(t, s);
      if :: both -> maybe_doubled(t, 1) :: else fi;
      server_held = 1
    :: push[L(t, s)] == REFUSED_TENANT ->
#ifdef BREAK_REFUSAL_HOLDS_ALL
      server_held = 1
#else
      held[t] = 1
#endif
    fi;
    push[L(t, s)] = IDLE;
    if :: both -> push[L(t, 1)] = IDLE :: else fi;
    flying--;
    r = 0; both = 0
  }
}

// =================================================================== store

#define OLDER_THERE(t, q, s) \
  (copies[P(t, q, s)] > 0 || (GONE(t, q) && batch[B(t, q)] == FINISHED))

inline keep(t, r, s) {
  if  // a range comes for the first time after all older ones of its stream
  :: copies[P(t, r, s)] == 0 ->
    assert((r) < 1 || OLDER_THERE(t, 0, s));  // (c)
    assert((r) < 2 || OLDER_THERE(t, 1, s))   // (c)
  :: else
  fi;
  if :: copies[P(t, r, s)] < 4 -> copies[P(t, r, s)]++ :: else fi;
  assert(counted[P(t, r, s)] == 3 || copies[P(t, r, s)] <= 1 + counted[P(t, r, s)])  // (b)
}

#define BOTH(t, s) ((s) == 0 && push[L(t, 1)] == JOINED)
#define POISONED(t, s) (poison == P(t, HEAD(t, s), s) || (BOTH(t, s) && poison == P(t, HEAD(t, 1), 1)))

inline keep_all(t, s) {
  d_step {
    h = HEAD(t, s);
    keep(t, h, s);
    if :: BOTH(t, s) -> h = HEAD(t, 1); keep(t, h, 1) :: else fi;
    h = 0
  }
}

// Of a push that it refuses in part, the store has kept the good lines of the bad piece, and the
// other piece or not.
inline keep_some(t, s) {
  if
  :: keep_all(t, s)
  :: BOTH(t, s) && poison == P(t, HEAD(t, s), s) -> d_step { h = HEAD(t, s); keep(t, h, s); h = 0 }
  :: BOTH(t, s) && poison == P(t, HEAD(t, 1), 1) -> d_step { h = HEAD(t, 1); keep(t, h, 1); h = 0 }
  fi
}

inline arrive(t, s) {
  if
#ifdef REFUSE_A
  :: t == 0 -> push[L(t, s)] = REFUSED_TENANT
  :: t == 1 -> keep_all(t, s); push[L(t, s)] = STORED
#else
  :: !POISONED(t, s) -> keep_all(t, s); push[L(t, s)] = STORED
  :: POISONED(t, s) -> keep_some(t, s); push[L(t, s)] = REFUSED_PART
#endif
  :: faults > 0 -> faults--; push[L(t, s)] = REFUSED_TENANT
  :: faults > 0 -> faults--; push[L(t, s)] = NO_WORD
  :: faults > 0 && !POISONED(t, s) -> faults--; keep_all(t, s); push[L(t, s)] = NO_WORD
#ifdef LATE
  :: faults > 0 && !POISONED(t, s) && late[L(t, s)] == 0 && (!BOTH(t, s) || late[L(t, 1)] == 0) ->
    faults--;
    late[L(t, s)] = HEAD(t, s) + 1;
    if :: BOTH(t, s) -> late[L(t, 1)] = HEAD(t, 1) + 1 :: else fi;
    push[L(t, s)] = NO_WORD
#endif
  fi
}

#ifdef LATE
proctype Network(byte t) {
  byte h = 0;
end:
  do
  :: atomic { late[L(t, 0)] > 0 -> d_step { h = late[L(t, 0)] - 1; keep(t, h, 0); late[L(t, 0)] = 0; h = 0 } }
  :: atomic { late[L(t, 1)] > 0 -> d_step { h = late[L(t, 1)] - 1; keep(t, h, 1); late[L(t, 1)] = 0; h = 0 } }
  od
}
#endif

// The push goes, and the store decides at once; the answer takes its time.
inline send(t, s) {
  d_step { take(t, s); if :: push[L(t, 1)] == JOINED -> take(t, 1) :: else fi; flying++; r = 0 };
  arrive(t, s)
}

proctype Sender(byte t) {
  byte r = 0, h = 0;
  bit both = 0;
end:
  do
  :: atomic { MAY_SEND(t) && READY(t, 0) && READY(t, 1) && !alone[L(t, 0)] && !alone[L(t, 1)] ->
       push[L(t, 1)] = JOINED; send(t, 0) }
  :: atomic { MAY_SEND(t) && READY(t, 0) -> send(t, 0) }
  :: atomic { MAY_SEND(t) && READY(t, 1) -> send(t, 1) }
  :: atomic { !ACK_DUE && push[L(t, 0)] > JOINED -> on_answer(t, 0) }
  :: atomic { !ACK_DUE && push[L(t, 1)] > JOINED -> on_answer(t, 1) }
  od
}

// Backoffs end. With -DREFUSE_A only when nothing else can be done at once: they are long.
#define BUSY \
  (ACK_DUE || MAY_RETURN(0) || MAY_READ(1) || push[2] > JOINED || push[3] > JOINED || \
   (MAY_SEND(1) && (READY(1, 0) || READY(1, 1))))
proctype Timer() {
end:
  do
  :: atomic { server_held -> server_held = 0 }
#ifdef REFUSE_A
  :: atomic { held[0] && !BUSY -> held[0] = 0 }
#else
  :: atomic { held[0] -> held[0] = 0 }
#endif
  :: atomic { held[1] -> held[1] = 0 }
  od
}

// =================================================================== crash and end

// Memory is lost. What has a record is replayed; the rest of a file is read from its checkpoint.
inline recover(b, t, r) {
  if
  :: record[b] ->
    batch[b] = RETURNED;
    if :: !part[b * 2] -> COUNT(b * 2) :: else fi;
    if :: !part[b * 2 + 1] -> COUNT(b * 2 + 1) :: else fi
  :: else ->
    if
    :: lines_in[b] > 0 && r < checkpoint[FILE(t, r)] -> batch[b] = FINISHED
    :: else -> batch[b] = UNREAD
    fi
  fi;
  settled[b * 2] = 0;
  settled[b * 2 + 1] = 0
}

proctype Crash() {
  byte b = 0;
end:
  do
  :: atomic {
       crashes > 0 ->
       d_step {
         crashes--;
         b = 0;
         do :: b < 6 -> recover(b, b / 3, b % 3); b++ :: else -> break od;
         b = 0;
         do :: b < 4 -> push[b] = IDLE; alone[b] = 0; b++ :: else -> break od;
         b = 0;
         held[0] = 0; held[1] = 0; server_held = 0; loaded = 0; flying = 0
       }
     }
  od
}

#define ENDS(t, r) (lines_in[B(t, r)] == 0 || batch[B(t, r)] == FINISHED)
#define ALL_OF(t) (ENDS(t, 0) && ENDS(t, 1) && ENDS(t, 2))

// When nothing can happen any more, everything is stored, or counted as lost with its file.
proctype Observer() {
  byte p = 0;
  atomic {
    timeout ->
#ifndef REFUSE_A
    assert(ALL_OF(0) && ALL_OF(1));  // (a)
    do
    :: p < 12 ->
      assert(lines_in[p / 2] == 0 || copies[p] > 0 || lost[p / 2]);  // (a)
      assert(!named_lost[p] || p == poison);  // (a)
      p++
    :: else -> break
    od
#else
    skip
#endif
  }
}

init {
  byte r = 0, first = 0;
  atomic {
#ifdef POISON
    if  // of the first and the second range: of two files, if the log is rotated between them
    :: poison = 255 :: poison = 0 :: poison = 1 :: poison = 2 :: poison = 3
    fi;
#endif
    write(0); write(1);
    if :: thin = 0 :: RANGES_A > 1 -> thin = 1; copies[P(0, 1, 0)] = 1 fi;
    started = 1;
    run Worker(0); run Worker(1);
    run Sender(0); run Sender(1);
#ifdef LATE
    run Network(0); run Network(1);
#endif
    run Timer();
    run Crash();
#ifdef VANISH
    run Vanish();
#endif
    run Observer()
  }
}

// (d)
#ifdef REFUSE_A
ltl others_go_on { <> (started && ALL_OF(1)) }
#endif
