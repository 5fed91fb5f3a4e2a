/*
 * message_queue: a broker that hands each message to several consumers, over bounded queues.
 *
 * A message is published to a topic, and every subscriber of the topic gets a delivery, a small object that refers to
 * it, into a queue of its own: one message, several referrers, and it dies with the last of them.  Until then an entry
 * in the table of acknowledgements refers to it too and counts who has yet to acknowledge.  A consumer that fails puts
 * the delivery at its queue's end again; after a third failure it becomes a dead letter.  Where a queue is full its
 * oldest delivery becomes one.  The last so many dead letters are kept.
 *
 * Most messages die young, first in, first out; those that a slow consumer is to get live a hundred times as long, in
 * full queues; dead letters longer still.  No time of collection suits all, and what survives the first collections is
 * not what stays.
 *
 * Producers and consumers take turns in one thread: at each step a message is published, then one consumer, chosen at
 * random, takes a batch.  The batch is twice what arrives for a consumer between its turns; for a slow one, half of it.
 * The structure is that of AMQP's brokers (topics, acknowledgement, redelivery, dead-letter exchange, drop-head).
 */
#include "workloads/workload.h"

#include <stdio.h>

#include "workloads/chains.h"
#include "workloads/payload.h"
#include "workloads/sampler.h"

enum { MESSAGES, TOPICS, FAN_OUT, QUEUE_LENGTH, SLOW, FAILURES, DEAD_LETTERS, BODY_MIN, BODY_MAX, SAMPLE, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [MESSAGES] = {.name = "messages",
                  .unit = "messages",
                  .type = SETTING_INTEGER,
                  .scale = SETTING_LOG,
                  .default_value = 400000,
                  .small_value = 150,
                  .large_value = 4000000,
                  .minimum = 1,
                  .maximum = 1000000000,
                  .help = "messages published in all"},
    [TOPICS] = {.name = "topics",
                .unit = "topics",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 32,
                .small_value = 3,
                .large_value = 32,
                .minimum = 1,
                .maximum = 1000000,
                .help = "topics; a message is published to one, chosen at random"},
    [FAN_OUT] = {.name = "fan_out",
                 .unit = "subscribers",
                 .type = SETTING_INTEGER,
                 .scale = SETTING_LOG,
                 .default_value = 4,
                 .small_value = 3,
                 .large_value = 4,
                 .minimum = 1,
                 .maximum = 1000,
                 .help = "subscribers of a topic, each with a queue of its own"},
    [QUEUE_LENGTH] = {.name = "queue_length",
                      .unit = "deliveries",
                      .type = SETTING_INTEGER,
                      .scale = SETTING_LOG,
                      .default_value = 1024,
                      .small_value = 8,
                      .large_value = 8192,
                      .minimum = 1,
                      .maximum = 1000000,
                      .help = "deliveries that a queue holds"},
    [SLOW] = {.name = "slow",
              .unit = "percent",
              .type = SETTING_INTEGER,
              .default_value = 10,
              .small_value = 30,
              .large_value = 10,
              .minimum = 0,
              .maximum = 100,
              .help = "share of the consumers that do not keep up, so that their queues are full"},
    [FAILURES] = {.name = "failures",
                  .unit = "percent",
                  .type = SETTING_INTEGER,
                  .default_value = 5,
                  .small_value = 20,
                  .large_value = 5,
                  .minimum = 0,
                  .maximum = 100,
                  .help = "share of the attempts that fail; the third failure of a delivery is its last"},
    [DEAD_LETTERS] = {.name = "dead_letters",
                      .unit = "deliveries",
                      .type = SETTING_INTEGER,
                      .scale = SETTING_LOG,
                      .default_value = 10000,
                      .small_value = 10,
                      .large_value = 100000,
                      .minimum = 1,
                      .maximum = 100000000,
                      .help = "dead letters that are kept"},
    [BODY_MIN] = {.name = "body_min",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = 64,
                  .small_value = 8,
                  .large_value = 64,
                  .minimum = PAYLOAD_STAMP_BYTES,
                  .maximum = 1 << 24,
                  .help = "size of the smallest messages"},
    [BODY_MAX] = {.name = "body_max",
                  .unit = "bytes",
                  .type = SETTING_BYTES,
                  .scale = SETTING_LOG,
                  .default_value = 2048,
                  .small_value = 64,
                  .large_value = 2048,
                  .minimum = PAYLOAD_STAMP_BYTES,
                  .maximum = 1 << 24,
                  .help = "size of the largest messages; as many are between 64 and 128 bytes as between 1K and 2K"},
    [SAMPLE] = SAMPLER_ROW(1, 10, "steps"),
};

enum { BODY, MESSAGE_FIELDS };
enum { DELIVERY_MESSAGE, DELIVERY_FIELDS };
enum { ACK_NEXT, ACK_MESSAGE, ACK_FIELDS };

enum { ATTEMPTS_MAX = 3, ACKS_LOG_MIN = 4, CHAIN_TARGET = 8 };

struct message_data {
  uint64_t id;
  uint64_t body_bytes;
};

struct ack_data {
  uint64_t id;
  uint64_t outstanding; /* subscribers that have yet to acknowledge */
};

struct queue_data {
  uint32_t head, count; /* the fields of a queue are a ring of deliveries */
};

static const struct gc_shape message_shape = {
    .fields = MESSAGE_FIELDS, .bytes = sizeof(struct message_data), .kind = GC_INSTANCE};
static const struct gc_shape delivery_shape = {
    .fields = DELIVERY_FIELDS, .bytes = sizeof(uint64_t), .kind = GC_INSTANCE}; /* failed attempts */
static const struct gc_shape ack_shape = {.fields = ACK_FIELDS, .bytes = sizeof(struct ack_data), .kind = GC_INSTANCE};

struct broker {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *queues; /* root slots: tables of queues, of chains of acknowledgements, and of dead letters */
  gc_ref *acks;
  gc_ref *letters;
  gc_ref *message; /* and what is in hand: a message, its body or entry, deliveries that come and go */
  gc_ref *part;
  gc_ref *arriving;
  gc_ref *leaving;
  uint32_t fan_out, subscribers, queue_length;
  int acks_log;
  uint64_t dead_letters; /* in all */
  uint64_t salt;
};

static struct message_data *message_data(gc_ref message) { return gc_bytes(message, MESSAGE_FIELDS); }

static uint64_t *delivery_failures(gc_ref delivery) { return gc_bytes(delivery, DELIVERY_FIELDS); }

static struct ack_data *ack_data(gc_ref ack) { return gc_bytes(ack, ACK_FIELDS); }

static gc_ref queue_of(const struct broker *b, uint32_t subscriber)
{
  return gc_load(b->mutator, *b->queues, subscriber);
}

static struct queue_data *queue_data(const struct broker *b, gc_ref queue) { return gc_bytes(queue, b->queue_length); }

static uint32_t ack_chain(const struct broker *b, uint64_t id) { return chain_of_key(id, b->acks_log); }

/* One subscriber fewer is to acknowledge the message; with the last, its entry goes. */
static void settle(const struct broker *b, uint64_t id)
{
  gc_ref holder = *b->acks;
  uint32_t field = ack_chain(b, id);
  gc_ref ack = gc_load(b->mutator, holder, field);
  while (ack_data(ack)->id != id) {
    holder = ack;
    field = ACK_NEXT;
    ack = gc_load(b->mutator, holder, field);
  }
  if (--ack_data(ack)->outstanding == 0) gc_store(b->mutator, holder, field, gc_load(b->mutator, ack, ACK_NEXT));
}

static uint64_t digest_delivery(const struct broker *b, gc_ref delivery)
{
  const gc_ref message = gc_load(b->mutator, delivery, DELIVERY_MESSAGE);
  const void *body = gc_bytes(gc_load(b->mutator, message, BODY), 0);
  return payload_digest(body, message_data(message)->body_bytes) * 31 + *delivery_failures(delivery);
}

static uint64_t leaving_id(const struct broker *b)
{
  return message_data(gc_load(b->mutator, *b->leaving, DELIVERY_MESSAGE))->id;
}

/* The delivery that leaves becomes a dead letter, and the oldest of those goes. */
static void bury(struct broker *b)
{
  const uint32_t place = (uint32_t)(b->dead_letters++ % (uint64_t)b->run->parameters[DEAD_LETTERS]);
  gc_store(b->mutator, *b->letters, place, *b->leaving);
  settle(b, leaving_id(b));
}

/* The oldest delivery of a queue that has one is in hand, as the one that leaves. */
static void take(const struct broker *b, uint32_t subscriber)
{
  const uint32_t head = queue_data(b, queue_of(b, subscriber))->head;
  gc_root(b->mutator, b->leaving, gc_load(b->mutator, queue_of(b, subscriber), head));
  gc_store(b->mutator, queue_of(b, subscriber), head, NULL);
  struct queue_data *data = queue_data(b, queue_of(b, subscriber));
  data->head = (head + 1) % b->queue_length;
  data->count--;
}

/* The delivery that arrives goes to the queue's end; where the queue is full, its oldest becomes a dead letter. */
static void put(struct broker *b, uint32_t subscriber)
{
  if (queue_data(b, queue_of(b, subscriber))->count == b->queue_length) {
    take(b, subscriber);
    bury(b);
  }
  struct queue_data *data = queue_data(b, queue_of(b, subscriber));
  const uint32_t place = (data->head + data->count) % b->queue_length;
  data->count++;
  gc_store(b->mutator, queue_of(b, subscriber), place, *b->arriving);
}

/* As many sizes between x and 2x as between 2x and 4x. */
static uint32_t random_body_bytes(const struct broker *b)
{
  const uint32_t minimum = (uint32_t)b->run->parameters[BODY_MIN];
  const uint32_t maximum = (uint32_t)b->run->parameters[BODY_MAX];
  uint32_t octaves = 1;
  while (minimum << octaves < maximum) octaves++;
  const uint32_t first = minimum << random_below(&b->run->random, octaves);
  const uint32_t last = 2 * first < maximum ? 2 * first : maximum;
  return first + random_below(&b->run->random, last - first + 1);
}

static void make_message(const struct broker *b, uint64_t id)
{
  struct gc_mutator *mutator = b->mutator;
  const uint32_t bytes = random_body_bytes(b);
  gc_new(mutator, b->part, (struct gc_shape){.bytes = bytes, .kind = GC_ATOM});
  payload_fill(gc_bytes(*b->part, 0), bytes, b->salt + id);
  gc_new(mutator, b->message, message_shape);
  *message_data(*b->message) = (struct message_data){.id = id, .body_bytes = bytes};
  gc_store(mutator, *b->message, BODY, *b->part);
}

/* All subscribers of the message in hand are to acknowledge it. */
static void expect_acks(const struct broker *b, uint64_t id)
{
  struct gc_mutator *mutator = b->mutator;
  const uint32_t chain = ack_chain(b, id);
  gc_new(mutator, b->part, ack_shape);
  *ack_data(*b->part) = (struct ack_data){.id = id, .outstanding = b->fan_out};
  gc_store(mutator, *b->part, ACK_MESSAGE, *b->message);
  gc_store(mutator, *b->part, ACK_NEXT, gc_load(mutator, *b->acks, chain));
  gc_store(mutator, *b->acks, chain, *b->part);
}

static void publish(struct broker *b, uint64_t id)
{
  make_message(b, id);
  expect_acks(b, id);
  const uint32_t topic = random_below(&b->run->random, b->subscribers / b->fan_out);
  for (uint32_t i = 0; i < b->fan_out; i++) {
    gc_new(b->mutator, b->arriving, delivery_shape);
    gc_store(b->mutator, *b->arriving, DELIVERY_MESSAGE, *b->message);
    put(b, topic * b->fan_out + i);
  }
  gc_root(b->mutator, b->message, NULL);
  gc_root(b->mutator, b->part, NULL);
}

/* A consumer reads the delivery that leaves its queue: it acknowledges, or fails and tries later, or never again. */
static void consume_one(struct broker *b, uint32_t subscriber)
{
  take(b, subscriber);
  workload_checksum(b->run, digest_delivery(b, *b->leaving));
  const bool fails = random_below(&b->run->random, 100) < (uint64_t)b->run->parameters[FAILURES];
  if (!fails) {
    settle(b, leaving_id(b));
  } else if (++*delivery_failures(*b->leaving) == ATTEMPTS_MAX) {
    bury(b);
  } else {
    gc_root(b->mutator, b->arriving, *b->leaving);
    put(b, subscriber);
  }
}

static bool is_slow(const struct broker *b, uint32_t subscriber)
{
  const uint64_t percent = (uint64_t)b->run->parameters[SLOW];
  return (subscriber + 1) * percent / 100 != subscriber * percent / 100;
}

static void consume(struct broker *b)
{
  const uint32_t subscriber = random_below(&b->run->random, b->subscribers);
  const uint32_t arrive = b->fan_out; /* between two turns, on average: one message a step, a turn in `subscribers` */
  const uint32_t batch = is_slow(b, subscriber) ? (arrive + 1) / 2 : 2 * arrive;
  for (uint32_t i = 0; i < batch && queue_data(b, queue_of(b, subscriber))->count > 0; i++) consume_one(b, subscriber);
  gc_root(b->mutator, b->leaving, NULL);
  gc_root(b->mutator, b->arriving, NULL);
}

static void make_queues(const struct broker *b)
{
  const struct gc_shape queue_shape = {.fields = b->queue_length, .bytes = sizeof(struct queue_data), .kind = GC_LIST};
  gc_new(b->mutator, b->queues, (struct gc_shape){.fields = b->subscribers, .kind = GC_LIST});
  for (uint32_t i = 0; i < b->subscribers; i++) {
    gc_new(b->mutator, b->part, queue_shape);
    gc_store(b->mutator, *b->queues, i, *b->part);
  }
}

/* Reads all that is queued, the entries of what is outstanding, and the dead letters; no safepoint in all of it. */
static void check(const struct broker *b)
{
  struct gc_mutator *mutator = b->mutator;
  for (uint32_t i = 0; i < b->subscribers; i++) {
    const gc_ref queue = queue_of(b, i);
    const struct queue_data *data = queue_data(b, queue);
    for (uint32_t k = 0; k < data->count; k++)
      workload_checksum(b->run, digest_delivery(b, gc_load(mutator, queue, (data->head + k) % b->queue_length)));
  }
  for (uint32_t chain = 0; chain < 1u << b->acks_log; chain++) {
    for (gc_ref ack = gc_load(mutator, *b->acks, chain); ack != NULL; ack = gc_load(mutator, ack, ACK_NEXT)) {
      workload_checksum(b->run, message_data(gc_load(mutator, ack, ACK_MESSAGE))->id);
      workload_checksum(b->run, ack_data(ack)->outstanding);
    }
  }
  const uint64_t places = (uint64_t)b->run->parameters[DEAD_LETTERS];
  const uint64_t kept = b->dead_letters < places ? b->dead_letters : places;
  for (uint32_t i = 0; i < kept; i++) workload_checksum(b->run, digest_delivery(b, gc_load(mutator, *b->letters, i)));
  workload_checksum(b->run, b->dead_letters);
}

static void run_phases(struct broker *b)
{
  struct workload_run *run = b->run;
  const uint64_t messages = (uint64_t)run->parameters[MESSAGES];
  const uint64_t mask = workload_progress_mask(messages);
  struct sampler sampler;
  workload_phase(run, "serve");
  sampler_begin(&sampler, run->parameters[SAMPLE]);
  for (uint64_t id = 0; id < messages; id++) {
    publish(b, id);
    consume(b);
    sampler_note(run, &sampler);
    if ((id & mask) == 0) workload_progress(run, id, messages);
  }
  sampler_end(run, &sampler);
  workload_phase(run, "check");
  check(b);
  workload_progress(run, 1, 1);
}

static void run_message_queue(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { QUEUES, ACKS, LETTERS, NEW_MESSAGE, PART, ARRIVING, LEAVING, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct broker broker = {.run = run,
                          .mutator = run->mutator,
                          .queues = &frame.slot[QUEUES],
                          .acks = &frame.slot[ACKS],
                          .letters = &frame.slot[LETTERS],
                          .message = &frame.slot[NEW_MESSAGE],
                          .part = &frame.slot[PART],
                          .arriving = &frame.slot[ARRIVING],
                          .leaving = &frame.slot[LEAVING],
                          .fan_out = (uint32_t)p[FAN_OUT],
                          .subscribers = (uint32_t)(p[TOPICS] * p[FAN_OUT]),
                          .queue_length = (uint32_t)p[QUEUE_LENGTH],
                          .acks_log = ACKS_LOG_MIN,
                          .salt = random_u64(&run->random)};
  const uint64_t room = (uint64_t)broker.subscribers * broker.queue_length;
  while (broker.acks_log < 24 && UINT64_C(1) << broker.acks_log < room / CHAIN_TARGET) broker.acks_log++;
  gc_new(run->mutator, broker.acks, (struct gc_shape){.fields = 1u << broker.acks_log, .kind = GC_LIST});
  gc_new(run->mutator, broker.letters, (struct gc_shape){.fields = (uint32_t)p[DEAD_LETTERS], .kind = GC_LIST});
  make_queues(&broker);
  run_phases(&broker);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_message_queue(const int64_t *p, char *error)
{
  if (p[BODY_MIN] <= p[BODY_MAX]) return true;
  snprintf(error, SETTING_ERROR_MAX, "body_min may not be above body_max");
  return false;
}

const struct workload workload_message_queue = {
    .name = "message_queue",
    .summary = "messages shared by several consumers' queues, with slow consumers and dead letters",
    .source = "gclab; the structure is that of AMQP's brokers",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_message_queue,
    .run = run_message_queue,
};
