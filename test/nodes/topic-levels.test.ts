import assert from "node:assert/strict";
import { test } from "node:test";
import { guessedRoles, patternOf, taken, withRole } from "../../nodes/fplus-mqtt-device/topic-levels.ts";

test("a topic becomes a pattern, level by level", () => {
  const topic = "site/hall1/oven/temp";
  const guess = guessedRoles(topic);
  assert.equal(patternOf(topic, guess), "site/hall1/{device}/{metric}");
  const moved = withRole(guess, 1, "device");
  assert.equal(patternOf(topic, moved), "site/{device}/oven/{metric}");
  assert.equal(patternOf(topic, withRole(moved, 2, "any")), "site/{device}/+/{metric}");
  assert.equal(patternOf("temp", guessedRoles("temp")), "{metric}");
});

test("the topics that a pattern takes", () => {
  const topics = ["a/x/t", "a/y/t/deep", "a.x/t", "b/x/t", "a/x"];
  assert.deepEqual(taken("a/{device}/{metric}", topics), ["a/x/t", "a/y/t/deep"]);
  assert.deepEqual(taken("+/{device}/t", topics), ["a/x/t", "b/x/t"]);
  assert.deepEqual(taken("a/{device}", topics), ["a/x"]);
  assert.deepEqual(taken("{metric}", topics), topics);
});
