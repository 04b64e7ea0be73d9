create or replace temp table staged_again (
    bridge text, nickname text, kind text, ends timestamp, known timestamp, told timestamp
);
