-- Courses that people added; a bundled course of the same name and language gives way to it.
CREATE TABLE courses (
  course TEXT NOT NULL,
  lang TEXT NOT NULL,
  version BIGINT NOT NULL,
  body TEXT NOT NULL,
  added BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  PRIMARY KEY (course, lang)
);

-- Sessions of courses, in person and online.
CREATE TABLE course_sessions (
  id BIGINT PRIMARY KEY,
  course TEXT NOT NULL,
  lang TEXT NOT NULL,
  title TEXT NOT NULL,
  -- in_person or online.
  mode TEXT NOT NULL,
  country TEXT NOT NULL,
  place TEXT NOT NULL,
  starts BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  -- Parts (such as half days) that attendance is noted of; 0 for none.
  parts BIGINT NOT NULL,
  trainer TEXT NOT NULL,
  capacity BIGINT NOT NULL,
  -- planned, closed or cancelled.
  state TEXT NOT NULL,
  created BIGINT NOT NULL
);
CREATE INDEX course_sessions_starts ON course_sessions (starts);

-- People who learn. Their keys are derived; a higher generation ends the old one.
CREATE TABLE learners (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  agency TEXT NOT NULL,
  country TEXT NOT NULL,
  generation BIGINT NOT NULL,
  created BIGINT NOT NULL
);

-- Rosters.
CREATE TABLE enrolments (
  session BIGINT NOT NULL,
  learner BIGINT NOT NULL,
  enrolled BIGINT NOT NULL,
  PRIMARY KEY (session, learner)
);
CREATE INDEX enrolments_learner ON enrolments (learner);

CREATE TABLE attendance (
  session BIGINT NOT NULL,
  learner BIGINT NOT NULL,
  part BIGINT NOT NULL,
  present BIGINT NOT NULL,
  noted BIGINT NOT NULL,
  noted_by TEXT NOT NULL,
  PRIMARY KEY (session, learner, part)
);

-- One sheet a learner and session, marks 1 to 5.
CREATE TABLE course_feedback (
  session BIGINT NOT NULL,
  learner BIGINT NOT NULL,
  content BIGINT NOT NULL,
  trainer BIGINT NOT NULL,
  labs BIGINT NOT NULL,
  comment TEXT NOT NULL,
  given BIGINT NOT NULL,
  PRIMARY KEY (session, learner)
);

-- A learner's lab: the seed makes the task and its answers anew.
CREATE TABLE lab_attempts (
  id BIGINT PRIMARY KEY,
  session BIGINT NOT NULL,
  learner BIGINT NOT NULL,
  lab TEXT NOT NULL,
  -- 16 hex digits.
  seed TEXT NOT NULL,
  started BIGINT NOT NULL,
  -- Thousandths; what the answers add up to, so that lists need not make each task anew.
  score BIGINT NOT NULL,
  -- The first step that is not over; none when all are.
  at_step TEXT,
  UNIQUE (session, learner, lab)
);

CREATE TABLE lab_answers (
  id BIGINT PRIMARY KEY,
  attempt BIGINT NOT NULL,
  step TEXT NOT NULL,
  -- Empty when the learner gave the step up.
  answer TEXT NOT NULL,
  -- Whether it was wholly right, and the credit that counts, in thousandths.
  is_right BIGINT NOT NULL,
  credit BIGINT NOT NULL,
  -- What was said, JSON.
  feedback TEXT NOT NULL,
  given BIGINT NOT NULL
);
CREATE INDEX lab_answers_attempt ON lab_answers (attempt, id);

CREATE TABLE lab_hints (
  attempt BIGINT NOT NULL,
  step TEXT NOT NULL,
  hint BIGINT NOT NULL,
  taken BIGINT NOT NULL,
  PRIMARY KEY (attempt, step, hint)
);

CREATE TABLE certificates (
  id TEXT PRIMARY KEY,
  session BIGINT NOT NULL,
  learner BIGINT NOT NULL,
  course TEXT NOT NULL,
  issued BIGINT NOT NULL,
  jwt TEXT NOT NULL,
  revoked BIGINT,
  why TEXT,
  UNIQUE (session, learner)
);

-- Campaigns with police: who is at risk is told, some are held out, and what came of it is compared.
CREATE TABLE campaigns (
  id BIGINT PRIMARY KEY,
  title TEXT NOT NULL,
  scam TEXT NOT NULL,
  -- JSON: who is chosen.
  rule TEXT NOT NULL,
  partner TEXT NOT NULL,
  holdout_ppm BIGINT NOT NULL,
  -- draft, running or ended.
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  started BIGINT,
  ended BIGINT,
  -- The last events before it was started and before it ended: what lies between counts.
  first_seq BIGINT,
  last_seq BIGINT
);

CREATE TABLE campaign_people (
  campaign BIGINT NOT NULL,
  customer TEXT NOT NULL,
  -- told or held_out.
  arm TEXT NOT NULL,
  lang TEXT NOT NULL,
  -- JSON: what of the rule was met.
  because TEXT NOT NULL,
  PRIMARY KEY (campaign, customer)
);

-- Messages by scam and language; the newest version counts.
CREATE TABLE campaign_templates (
  scam TEXT NOT NULL,
  lang TEXT NOT NULL,
  version BIGINT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  added BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  PRIMARY KEY (scam, lang, version)
);

-- Messages as they were sent.
CREATE TABLE campaign_messages (
  id BIGINT PRIMARY KEY,
  campaign BIGINT NOT NULL,
  customer TEXT NOT NULL,
  lang TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  sent BIGINT NOT NULL
);
CREATE INDEX campaign_messages_campaign ON campaign_messages (campaign, id);

-- Warnings at the withdrawal itself: the hold waits for answers and a cooling-off time.
CREATE TABLE warnings (
  event TEXT PRIMARY KEY,
  customer TEXT NOT NULL,
  scam TEXT NOT NULL,
  hold BIGINT NOT NULL,
  -- Minor units of the reference currency, if known.
  value BIGINT,
  counterparty TEXT,
  raised BIGINT NOT NULL,
  cooling_until BIGINT NOT NULL,
  -- release or review: what follows the cooling-off time.
  then_do TEXT NOT NULL,
  -- open, cooling, stopped, escalated, released.
  state TEXT NOT NULL,
  -- JSON, once given.
  answers TEXT,
  answered BIGINT,
  closed BIGINT
);
CREATE INDEX warnings_state ON warnings (state, cooling_until);
CREATE INDEX warnings_customer ON warnings (customer, event);
CREATE INDEX warnings_hold ON warnings (hold);
