//! What turns the ids in a page into words.

use community::{
    Error, MemberId, NewChannel, NewCommunity, NewCorrection, NewMember, NewTopic, Policy, Slug,
};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[test]
fn a_place_is_named_to_whoever_sees_the_channel() -> Result {
    pollster::block_on(async {
        let engine = community::in_memory();
        let host = engine.as_system();
        let garden: Slug = "garden".parse()?;
        let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
        host.create_community(new).await?;
        let beds = NewChannel::new("beds".parse()?, "The beds".parse()?);
        let beds = host.create_channel(&garden, beds).await?;
        let office = NewChannel::new("office".parse()?, "Office".parse()?);
        let office = host.create_channel(&garden, office.policy(Policy::employees())).await?;

        let place = engine.anonymous().place(beds).await?;
        assert_eq!(place.community, garden);
        assert_eq!((place.channel.as_str(), place.name.as_str()), ("beds", "The beds"));
        let hidden = engine.anonymous().place(office).await;
        assert!(matches!(hidden, Err(Error::NotFound("channel"))));
        Ok(())
    })
}

#[test]
fn an_id_that_one_has_read_gives_a_key_and_a_name() -> Result {
    pollster::block_on(async {
        let engine = community::in_memory();
        let host = engine.as_system();
        let garden: Slug = "garden".parse()?;
        let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
        host.create_community(new).await?;
        host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
        let ed = host.sync_member(NewMember::new("user:1".parse()?, "Ed".parse()?)).await?;
        host.set_member(&garden, ed, true).await?;
        host.grant_role(&garden, ed, &"expert".parse()?, None).await?;
        let ed = engine.member(ed);
        let topic = NewTopic::new(
            garden,
            "beds".parse()?,
            "discussion".parse()?,
            "Frost",
            "None in April.",
        );
        let topic = ed.start_topic(topic).await?;
        let post = ed.topic(topic).await?.topic.opening;
        ed.correct(NewCorrection::new(post, "Often in April.")).await?;

        let visitor = engine.anonymous();
        let correction = visitor.corrections(post).await?.remove(0);
        let nobody = MemberId::from_bytes([7; 16]);
        let authors = visitor.authors(&[correction.author, nobody]).await?;
        let shown = serde_json::to_value(authors)?;
        let id = correction.author;
        let ed = serde_json::json!({"id": id, "key": "user:1", "name": "Ed"});
        assert_eq!(shown, serde_json::json!([ed, null]));
        Ok(())
    })
}
