"""Who: members, teams, segments, invitations, enrolment and consent."""
