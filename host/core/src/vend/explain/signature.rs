//! What a presigned URL or a signed request would be.

use super::report::{Refusal, Revocable, SignatureExplained};
use super::story::Story;
use super::{Rehearsal, Scene, SignatureUse, Told};
use crate::ports::PresignAsk;
use crate::strategy::{CredentialShape, DryStep, StrategyInfo};
use crate::vend::judge::Step;
use crate::vend::signing::life;
use crate::vend::signing::{self, Asked, Signer};
use crate::vend::ttl::{Life, Limits};
use crate::vend::{Signature, SignatureAsk, VendError, Vending};

impl Vending {
    pub(super) async fn tell_signature(
        &self,
        scene: Scene<'_>,
        asked: SignatureUse<'_>,
        story: &mut Story,
    ) -> Result<Told, VendError> {
        let Scene { snapshot, table, ask, .. } = scene;
        let SignatureUse { signature, method, touched, request, obstacle, .. } = asked;
        let warehouse = &snapshot.warehouse;
        let about = SignatureAsk { signature, method, touched, context: ask.context };
        let judged = Asked { principal: ask.subject, snapshot, table, ask: about };
        let Some((authorised, strategy)) = self.judge_signature(judged, story).await? else {
            return Ok(Told::NothingToVend);
        };
        let scoping = strategy.description.scoping_for(&warehouse.config);
        story.loaded(&strategy, scoping, &self.signature_limits(scene, asked, None));
        if let Some(obstacle) = obstacle {
            return Ok(Told::Obstacle(Step::Signable, obstacle.clone()));
        }
        let signer = match signing::signer(signature, &strategy, warehouse.kind) {
            Ok(signer) => signer,
            Err(error) => {
                let refusal = Refusal { code: error.code().to_owned(), message: error.to_string() };
                return Ok(Told::Obstacle(Step::Signable, refusal));
            }
        };
        story.passed(Step::Signable);
        let shapes = match signer {
            Signer::Host => {
                let (kept, key) = self.judge_kept(authorised, &strategy, warehouse, touched)?;
                story.passed(Step::Scoping);
                self.tell_life(scene, asked, None, Some(key.seconds), story)?;
                story.passed(Step::Ttl);
                let run = Rehearsal { authorised: &kept, strategy: &strategy, ttl_seconds: key.seconds, object: None };
                let (_, shapes) = self.rehearse(scene, run, story).await?;
                let rest = self.credential_rest(&story.explanation.would, shapes.as_deref(), key);
                self.tell_life(scene, asked, None, rest, story)?;
                shapes
            }
            Signer::Strategy => {
                story.passed(Step::Scoping);
                let life = self.tell_life(scene, asked, Some(&strategy), None, story)?;
                story.passed(Step::Ttl);
                let Some(location) = touched.objects.first() else { return Err(signing::nothing_to_open().into()) };
                let object = Some(PresignAsk { location, method });
                let run = Rehearsal { authorised: &authorised, strategy: &strategy, ttl_seconds: life.seconds, object };
                self.rehearse(scene, run, story).await?;
                None
            }
        };
        story.explanation.revocable = Some(Revocable::of_signature(signature));
        story.explanation.signature = Some(SignatureExplained {
            request: request.filter(|_| signer == Signer::Host).cloned(),
            signer: Some(signer),
            signed_with: shapes,
            ..SignatureExplained::asked(asked)
        });
        story.allowed();
        Ok(Told::Everything)
    }

    /// The life of the signature, told.
    fn tell_life(
        &self,
        scene: Scene<'_>,
        asked: SignatureUse<'_>,
        by: Option<&StrategyInfo>,
        credential: Option<u32>,
        story: &mut Story,
    ) -> Result<Life, VendError> {
        let limits = Limits { credential, ..self.signature_limits(scene, asked, by) };
        story.limited(&limits);
        let life = match asked.signature {
            Signature::Url => life::of_url(&limits)?,
            Signature::Request => life::of_request(&limits),
        };
        story.lives(life);
        Ok(life)
    }

    fn signature_limits(&self, scene: Scene<'_>, asked: SignatureUse<'_>, by: Option<&StrategyInfo>) -> Limits {
        let warehouse = &scene.snapshot.warehouse;
        let longest = by.and_then(|strategy| strategy.description.max_ttl_seconds);
        match asked.signature {
            Signature::Url => self.url_limits(scene.ask.subject, warehouse, asked.ttl_seconds, longest),
            Signature::Request => life::request_limits(None),
        }
    }

    /// What would be left of the credential that signs, minted now. One that asks nobody knows its end,
    /// and may have none; of the others only the life that they are asked for is known.
    fn credential_rest(&self, would: &[DryStep], shapes: Option<&[CredentialShape]>, asked: Life) -> Option<u32> {
        match shapes {
            Some(shapes) if would.is_empty() => {
                shapes.iter().filter_map(|shape| shape.expires_at).min().map(|end| self.rest(end))
            }
            _ => Some(asked.seconds),
        }
    }
}
